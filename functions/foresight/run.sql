-- run_foresight: what is reckoned each minute outside the tick, each part in a transaction of its own.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.note_foresight_error(
    p_part text,
    p_error text,
    p_now timestamptz
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    UPDATE health_internal.foresight_parts
    SET
        last_error = left(p_error, 2000),
        last_error_at = p_now,
        error_count = foresight_parts.error_count + 1
    WHERE foresight_parts.part = p_part;
$$;
COMMENT ON FUNCTION health_internal.note_foresight_error(text, text, timestamptz) IS
'Keeps what a failing part said, for foresight_health.';

CREATE OR REPLACE FUNCTION health_internal.due_foresight_parts(p_now timestamptz)
RETURNS SETOF text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT parts.part
    FROM health_internal.foresight_parts AS parts
    WHERE parts.is_enabled
        -- A scheduler a little early is on time.
        AND (parts.last_run_at <= p_now - 0.9 * parts.period OR parts.last_run_at IS NULL)
    ORDER BY parts.place, parts.part;
$$;
COMMENT ON FUNCTION health_internal.due_foresight_parts(timestamptz) IS
'Parts of run_foresight whose time has come, in order.';

CREATE OR REPLACE FUNCTION health_internal.run_foresight_part(p_part text, p_now timestamptz)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s'
AS $$
DECLARE
    v_started constant timestamptz := clock_timestamp();
BEGIN
    PERFORM FROM health_internal.foresight_parts AS parts
    WHERE parts.part = p_part
        AND (parts.last_run_at <= p_now - 0.9 * parts.period OR parts.last_run_at IS NULL)
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE health_internal.foresight_parts AS parts
    SET last_error = NULL
    WHERE parts.part = p_part;
    BEGIN
        EXECUTE format('SELECT health_internal.%I($1)', p_part) USING p_now;
    EXCEPTION
        WHEN OTHERS THEN
            PERFORM health_internal.note_foresight_error(
                p_part, format('%s (%s)', SQLERRM, SQLSTATE), p_now
            );
    END;
    UPDATE health_internal.foresight_parts AS parts
    SET
        last_run_at = p_now,
        run_count = parts.run_count + 1,
        last_duration_ms = date_part('epoch', clock_timestamp() - v_started) * 1000
    WHERE parts.part = p_part;
    RETURN true;
END;
$$;
COMMENT ON FUNCTION health_internal.run_foresight_part(text, timestamptz) IS
'Calls one part if it is due and nobody else does; what it says when it fails is kept in foresight_parts, '
'and what it did is undone. False: not its turn.';

CREATE OR REPLACE PROCEDURE health.run_foresight(p_now timestamptz DEFAULT clock_timestamp())
LANGUAGE plpgsql
AS $$
DECLARE
    v_part text;
BEGIN
    FOR v_part IN SELECT due.* FROM health_internal.due_foresight_parts(p_now) AS due
    LOOP
        PERFORM health_internal.run_foresight_part(v_part, p_now);
        COMMIT;
    END LOOP;
END;
$$;
COMMENT ON PROCEDURE health.run_foresight(timestamptz) IS
'Calls the parts of foresight that are due (exhaustion, shadow policies, recommendations, …), each in a '
'transaction of its own; one that fails is noted in foresight_health and keeps no other from its work. '
'Scheduled each minute; call it outside a transaction.';

GRANT EXECUTE ON FUNCTION
health_internal.due_foresight_parts(timestamptz),
health_internal.run_foresight_part(text, timestamptz) TO health_bridge, health_admin;
GRANT EXECUTE ON PROCEDURE health.run_foresight(timestamptz) TO health_bridge, health_admin;

COMMIT;
