-- What many pgTAP files share, created beside pgTAP in the schema tap.

-- results_eq refuses to compare columns of different collations; rows as text compare.
CREATE FUNCTION tap.rows_are(p_have text, p_want text, p_what text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_have text;
    v_want text;
BEGIN
    EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM (%s) AS r', p_have) INTO v_have;
    EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM (%s) AS r', p_want) INTO v_want;
    RETURN tap.is(v_have, v_want, p_what);
END
$$;

-- p_want: rows of signature, kind, language, volatility, SECURITY DEFINER, granted to.
CREATE FUNCTION tap.signatures_are(p_names text [], p_want text)
RETURNS text
LANGUAGE sql
RETURN tap.rows_are(
    format(
        $have$
        SELECT
            p.oid::regprocedure::text,
            p.prokind::text,
            l.lanname::text,
            p.provolatile::text,
            p.prosecdef,
            coalesce(
                (
                    SELECT string_agg(
                        CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                        ', ' ORDER BY a.grantee::regrole::text COLLATE "C"
                    )
                    FROM (SELECT DISTINCT grantee FROM aclexplode(p.proacl)) AS a
                    WHERE a.grantee <> p.proowner
                ),
                ''
            )
        FROM pg_proc AS p
        JOIN pg_language AS l ON l.oid = p.prolang
        WHERE p.pronamespace::regnamespace::text || '.' || p.proname = ANY(%L::text [])
        ORDER BY p.oid::regprocedure::text COLLATE "C"
        $have$,
        p_names
    ),
    p_want,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

-- A clock that starts at the same moment in every file.
CREATE FUNCTION tap.at(p_seconds float8)
RETURNS timestamptz
LANGUAGE sql
RETURN timestamptz '2031-05-06 07:00:00+00' + make_interval(secs => p_seconds);

-- A bridge that delivers all that is due, or reports another outcome.
CREATE FUNCTION tap.deliver(
    p_seconds float8, p_channels text [] DEFAULT NULL, p_outcome text DEFAULT 'delivered'
)
RETURNS bigint
LANGUAGE sql
RETURN (
    SELECT count(health.report_delivery(c.delivery_id, c.fencing_token, p_outcome, '{}', tap.at(p_seconds)))
    FROM health.claim_deliveries('w1', 1000, p_channels, tap.at(p_seconds)) AS c
);

-- The agent's newest recovery, what its trail says, and a bridge's claim and report of one.
CREATE FUNCTION tap.latest(p_agent_id text DEFAULT 'a1')
RETURNS health.recovery_actions
LANGUAGE sql
RETURN (SELECT a FROM health.recovery_actions AS a WHERE agent_id = p_agent_id ORDER BY action_id DESC LIMIT 1);

CREATE FUNCTION tap.story(p_agent_id text DEFAULT 'a1')
RETURNS text
LANGUAGE sql
RETURN (SELECT what_happened FROM health.recovery_history WHERE agent_id = p_agent_id ORDER BY action_id DESC LIMIT 1);

CREATE FUNCTION tap.report(
    p_seconds float8, p_outcome text, p_details jsonb DEFAULT '{}', p_worker text DEFAULT 'w1'
)
RETURNS boolean
LANGUAGE sql
RETURN (
    SELECT health.report_recovery_action(c.action_id, c.fencing_token, p_outcome, p_details, tap.at(p_seconds))
    FROM health.claim_recovery_actions(p_worker, 1, NULL, tap.at(p_seconds)) AS c
);

-- Minutes first to last of an agent's life: a beat in the middle of each, a tick 6 s after its end.
CREATE FUNCTION tap.live(
    p_first integer, p_last integer, p_cpu float8, p_memory float8 DEFAULT NULL, p_agent_id text DEFAULT 'a1'
)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    FOR v_minute IN p_first .. p_last LOOP
        INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent, memory_usage_mb)
        VALUES (p_agent_id, tap.at(v_minute * 60 + 30), p_cpu + v_minute % 3, p_memory + v_minute % 5);
        PERFORM health.tick(tap.at(v_minute * 60 + 66), true);
    END LOOP;
END
$$;

-- In place of the detector, which has tests of its own: strange is what is above 90, in the range what is from 0 to 80.
CREATE FUNCTION tap.detect_above_90()
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    v_state constant text := (
        SELECT format_type(proargtypes[0], NULL) FROM pg_proc
        WHERE pronamespace = 'health_internal'::regnamespace AND proname = 'detect'
    );
BEGIN
    ALTER FUNCTION health_internal.detect RENAME TO detect_in_earnest;
    EXECUTE format($sql$
        CREATE FUNCTION health_internal.detect(
            p_state %1$s, p_at timestamptz, p_value double precision, OUT state %1$s,
            OUT score double precision, OUT is_anomaly boolean, OUT expected_low double precision,
            OUT expected_high double precision, OUT reason text
        )
        LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
        AS $body$
        BEGIN
            IF p_value = 13 THEN
                RAISE EXCEPTION 'thirteen';
            END IF;
            state := p_state;
            score := least(0.99, abs(p_value) / 200);
            is_anomaly := p_value > 90;
            expected_low := 0;
            expected_high := 80;
            reason := CASE WHEN p_value > 90 THEN 'above 90' END;
        END;
        $body$
    $sql$, v_state);
END
$$;
