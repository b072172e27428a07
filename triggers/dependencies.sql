-- dependencies: no circle, whoever writes.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.tg_dependencies__refuse_cycles()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_path text [];
BEGIN
    -- Two who write at once could close a cycle neither sees.
    LOCK TABLE health.dependencies IN SHARE ROW EXCLUSIVE MODE;
    WITH RECURSIVE ancestors AS (
        SELECT
            NEW.parent_id::text AS agent_id,
            ARRAY[NEW.child_id, NEW.parent_id]::text [] AS path
        UNION ALL
        SELECT
            above.parent_id::text,
            ancestors.path || above.parent_id::text
        FROM ancestors
        INNER JOIN health.dependencies AS above ON above.child_id = ancestors.agent_id
        WHERE ancestors.agent_id <> NEW.child_id
            AND NOT above.parent_id = ANY (ancestors.path[2:])
    )

    SELECT ancestors.path
    INTO v_path
    FROM ancestors
    WHERE ancestors.agent_id = NEW.child_id
    LIMIT 1;
    IF v_path IS NOT NULL THEN
        RAISE EXCEPTION 'agent "%" cannot depend on "%", which depends on it',
            NEW.child_id, NEW.parent_id
            USING ERRCODE = 'AL005',
                DETAIL = format('The circle is %s.', array_to_string(v_path, ' → ')),
                HINT = 'Remove one of these dependencies first.';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION health_internal.tg_dependencies__refuse_cycles() IS
'Raises AL005 for a dependency that would close a circle, and names the circle.';

CREATE OR REPLACE TRIGGER _100_refuse_cycles
BEFORE INSERT OR UPDATE ON health.dependencies
FOR EACH ROW
WHEN (new.child_id <> new.parent_id)
EXECUTE FUNCTION health_internal.tg_dependencies__refuse_cycles();

COMMIT;
