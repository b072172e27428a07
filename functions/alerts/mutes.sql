-- Mutes people set on purpose: silences; and dependencies, which mute the children of the dead.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.silence(
    p_matchers jsonb,
    p_until timestamptz,
    p_by text,
    p_reason text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_silence_id bigint;
BEGIN
    IF p_until IS NULL OR p_until <= p_now OR p_until = 'infinity' THEN
        RAISE EXCEPTION 'a silence until % has no end to come', coalesce(p_until::text, 'NULL')
            USING ERRCODE = 'AL003',
                HINT = 'Give a finite time to come; a rule nobody needs is disabled, not silenced.';
    END IF;
    INSERT INTO health.silences AS silences (matchers, starts_at, ends_at, created_by, reason)
    VALUES (
        health_internal.check_matchers(
            p_matchers,
            health_internal.agent_matcher_keys()
            || ARRAY['maximum_severity', 'minimum_severity', 'rule']
        ),
        p_now, p_until, coalesce(p_by, session_user), coalesce(p_reason, '')
    )
    RETURNING silences.silence_id INTO v_silence_id;
    PERFORM health_internal.withdraw_at_once(p_now);
    RETURN v_silence_id;
END;
$$;
COMMENT ON FUNCTION health.silence(jsonb, timestamptz, text, text, timestamptz) IS
'Keeps alerts from being told until p_until: those that fit every key of p_matchers, which are those of '
'maintenance and rule, minimum_severity, maximum_severity (what is more severe is still told). What '
'waits to be sent of them is withdrawn in the same transaction. Returns the silence_id. Raises AL002 for matchers, AL003 for a time, that make no sense.';

CREATE OR REPLACE FUNCTION health.end_silence(
    p_silence_id bigint,
    p_by text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM health_internal.be_brief();
    UPDATE health.silences
    SET ends_at = greatest(p_now, silences.starts_at), ended_by = coalesce(p_by, session_user)
    WHERE silences.silence_id = p_silence_id AND silences.ends_at > p_now;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'silence % does not hold', coalesce(p_silence_id::text, 'NULL')
            USING ERRCODE = 'AL004',
                HINT = 'SELECT * FROM health.silences WHERE ends_at > now() lists those that do.';
    END IF;
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled;
END;
$$;
COMMENT ON FUNCTION health.end_silence(bigint, text, timestamptz) IS
'Ends a silence; the next tick tells what is still wrong. Raises AL004 where it does not hold.';

CREATE OR REPLACE FUNCTION health.add_dependency(
    p_child_id text,
    p_parent_id text,
    p_redundancy_group text DEFAULT NULL,
    p_minimum_alive_count integer DEFAULT 1
)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO health.dependencies AS dependencies (
        child_id, parent_id, redundancy_group, minimum_alive_count
    )
    VALUES (p_child_id, p_parent_id, p_redundancy_group, p_minimum_alive_count)
    ON CONFLICT (child_id, parent_id) DO UPDATE SET
        redundancy_group = excluded.redundancy_group,
        minimum_alive_count = excluded.minimum_alive_count;
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled AND incidents.agent_id = p_child_id;
$$;
COMMENT ON FUNCTION health.add_dependency(text, text, text, integer) IS
'Says that an agent needs another, or, with p_redundancy_group, p_minimum_alive_count of that group. '
'The trigger raises AL005 where that would close a circle.';

CREATE OR REPLACE FUNCTION health.remove_dependency(p_child_id text, p_parent_id text)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_is_removed boolean;
BEGIN
    DELETE FROM health.dependencies
    WHERE dependencies.child_id = p_child_id AND dependencies.parent_id = p_parent_id;
    v_is_removed := FOUND;
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled AND incidents.agent_id = p_child_id;
    RETURN v_is_removed;
END;
$$;
COMMENT ON FUNCTION health.remove_dependency(text, text) IS
'Removes a dependency; false where there was none.';

CREATE OR REPLACE FUNCTION health_internal.dead_parents(p_agent_ids text [])
RETURNS TABLE (agent_id text, is_down boolean, parents text)
LANGUAGE plpgsql
STABLE
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT
        groups.child_id,
        bool_or(groups.needed_count > groups.possible_count),
        string_agg(groups.parents, ', ' ORDER BY groups.parents)
    FROM (
        SELECT
            dependencies.child_id,
            -- Of fewer than that, all.
            least(max(dependencies.minimum_alive_count), count(*)) AS needed_count,
            count(*) FILTER (WHERE NOT judged.is_dead) AS possible_count,
            count(*) FILTER (WHERE NOT judged.is_dead AND NOT judged.is_suspected) AS alive_count,
            string_agg(dependencies.parent_id, ', ' ORDER BY dependencies.parent_id)
                FILTER (WHERE judged.is_dead OR judged.is_suspected) AS parents
        FROM health.dependencies
        LEFT JOIN health.agent_status AS status ON dependencies.parent_id = status.agent_id
        CROSS JOIN LATERAL (
            SELECT
                coalesce(status.active_conditions && '{unresponsive,failed}', false) AS is_dead,
                coalesce(status.liveness = 'late', false) AS is_suspected
        ) AS judged
        WHERE dependencies.child_id = ANY (p_agent_ids)
        GROUP BY
            dependencies.child_id,
            coalesce(dependencies.redundancy_group, dependencies.parent_id),
            dependencies.redundancy_group IS NULL
    ) AS groups
    WHERE groups.needed_count > groups.alive_count
    GROUP BY groups.child_id;
END;
$$;
COMMENT ON FUNCTION health_internal.dead_parents(text []) IS
'One row per given agent that misses parents: is_down: too few of a group are left; else too few are '
'left beyond those that are late, of whom nobody knows yet. Dead is unresponsive or failed.';

GRANT EXECUTE ON FUNCTION health.silence(jsonb, timestamptz, text, text, timestamptz),
health.end_silence(bigint, text, timestamptz) TO health_operator;
GRANT EXECUTE ON FUNCTION health.add_dependency(text, text, text, integer),
health.remove_dependency(text, text) TO health_admin;

COMMIT;
