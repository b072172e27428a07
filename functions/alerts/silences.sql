-- Silences: mutes people set on purpose.
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

GRANT EXECUTE ON FUNCTION health.silence(jsonb, timestamptz, text, text, timestamptz),
health.end_silence(bigint, text, timestamptz) TO health_operator;

COMMIT;
