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

-- A statement is refused by a constraint, whose name says why.
CREATE FUNCTION tap.refuses(p_constraint text, p_statement text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_constraint text;
BEGIN
    BEGIN
        EXECUTE p_statement;
    EXCEPTION
        WHEN integrity_constraint_violation THEN
            GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME;
    END;
    RETURN tap.is(v_constraint, p_constraint, replace(p_constraint, '_', ' '));
END
$$;

-- p_want: rows of table and who may do what there, such as 'health_analyst SELECT'.
CREATE FUNCTION tap.grants_are(p_tables text [], p_want text)
RETURNS text
LANGUAGE sql
RETURN tap.rows_are(
    format(
        $have$
        SELECT c.oid::regclass::text, (
            SELECT string_agg(g.grantee::regrole || ' ' || g.privileges, ', ' ORDER BY g.grantee::regrole::text COLLATE "C")
            FROM (
                SELECT a.grantee, string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type) AS privileges
                FROM aclexplode(c.relacl) AS a
                WHERE a.grantee <> c.relowner AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
                GROUP BY a.grantee
            ) AS g
        )
        FROM unnest(%L::regclass []) AS t (name)
        JOIN pg_class AS c ON c.oid = t.name
        ORDER BY 1
        $have$,
        p_tables
    ),
    p_want,
    'who may read and write it is as declared'
);

-- A clock that starts at the same moment in every file.
CREATE FUNCTION tap.at(p_seconds float8)
RETURNS timestamptz
LANGUAGE sql
RETURN timestamptz '2031-05-06 07:00:00+00' + make_interval(secs => p_seconds);

-- A heartbeat at a second, and a tick, which says how many alerts it opened.
CREATE FUNCTION tap.beat(p_agent_id text, p_seconds float8, p_state text DEFAULT 'running')
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at, state)
    VALUES (p_agent_id, tap.at(p_seconds), p_state)
$$;
CREATE FUNCTION tap.tick(p_seconds float8)
RETURNS bigint
LANGUAGE sql
RETURN (health.tick(tap.at(p_seconds), true)).alerts_opened;

-- Two agents that are well at second 11: a1, which beats each 5 s, and a2, which may be silent for an hour.
CREATE FUNCTION tap.two_agents()
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health.agents (agent_id, agent_name, expected_interval)
    VALUES ('a1', 'a1', '5 s'), ('a2', 'a2', '1 h');
    SELECT tap.beat(a, s) FROM unnest('{0,5,10}'::float8 []) AS s, unnest('{a1,a2}'::text []) AS a;
    SELECT tap.tick(11);
$$;

-- What a tick at second 10 would judge after one at second 0: of everybody, the due, those that arrived or are listed.
CREATE FUNCTION tap.turn(
    p_whom text, p_is_most boolean, p_beats health_internal.beat [] DEFAULT '{}', p_several bigint [] DEFAULT '{}'
)
RETURNS health_internal.turn
LANGUAGE sql
RETURN ROW(
    tap.at(10), -1, p_whom, p_beats, p_is_most,
    ROW('-infinity', (SELECT pg_snapshot_xmax(folded_until) FROM health_internal.engine), '{}', pg_current_snapshot(), pg_current_xact_id(),
        (SELECT own_from FROM health_internal.engine), 2147483647, NULL, 0)::health_internal.arrival_range,
    p_several, health_internal.recent_blindness(), 600, 3600, 86400
)::health_internal.turn;

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

-- An agent that has been quiet for a thousand minutes: what its series are together is judged from now on.
CREATE FUNCTION tap.known_agent(p_agent_id text, p_minute integer DEFAULT -1)
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health_internal.agent_surprises AS known (agent_id, minute_at, is_judged, surprise, series_count, state)
    SELECT p_agent_id, m.at, true, 0, 0, ARRAY[1000, date_part('epoch', m.at), 0, 0, 0, 0]
    FROM (SELECT tap.at(p_minute * 60) AS at) AS m
    ON CONFLICT (agent_id) DO UPDATE SET minute_at = excluded.minute_at, is_judged = true, state = excluded.state
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
            OUT expected_high double precision, OUT reason text, OUT surprise double precision,
            OUT distance double precision
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
            surprise := CASE WHEN p_value > 90 THEN 3 ELSE 0 END;
            distance := 0;
        END;
        $body$
    $sql$, v_state);
END
$$;

-- Ten hours of business, computed by hand in tests/pgtap/functions/business/: shop earns a dollar a second
-- ($3,600 per hour), depot a fifth of one, plain nothing. Seconds of tap.at; each line is one change.
CREATE FUNCTION tap.change(
    p_agent_id text, p_seconds float8, p_liveness text, p_score float8 DEFAULT 100,
    p_last_beat float8 DEFAULT NULL, p_was text DEFAULT 'alive'
)
RETURNS bigint
LANGUAGE sql
AS $$
    INSERT INTO health.status_transitions (
        agent_id, occurred_at, old_liveness, new_liveness, new_status, new_score, issue_type,
        old_issue_type, last_heartbeat_at
    )
    VALUES (
        p_agent_id, tap.at(p_seconds), p_was, p_liveness,
        health.classify_status(p_score, 80, 70, 60, 40), p_score,
        CASE p_liveness WHEN 'unresponsive' THEN 'agent_unresponsive' END,
        CASE p_liveness WHEN 'unresponsive' THEN 'agent_unresponsive' END,
        tap.at(coalesce(p_last_beat, p_seconds))
    )
    RETURNING transition_id
$$;

CREATE FUNCTION tap.incident(
    p_agent_id text, p_onset float8, p_detected float8, p_resolved float8,
    p_severity text DEFAULT 'critical', p_acknowledged float8 DEFAULT NULL
)
RETURNS bigint
LANGUAGE sql
AS $$
    INSERT INTO health.incidents (
        agent_id, severity, onset_at, detected_at, resolved_at, acknowledged_at
    )
    VALUES (
        p_agent_id, p_severity, tap.at(p_onset), tap.at(p_detected), tap.at(p_resolved),
        tap.at(p_acknowledged)
    );
    INSERT INTO health.alerts (
        incident_id, agent_id, rule, severity, summary, opened_at, resolved_at
    )
    SELECT incident_id, agent_id, 'failed', severity, 'a test', detected_at, resolved_at
    FROM health.incidents
    WHERE incident_id = (SELECT max(incident_id) FROM health.incidents)
    RETURNING incident_id
$$;

CREATE FUNCTION tap.recovery(
    p_agent_id text, p_onset float8, p_created float8, p_finished float8, p_state text,
    p_by text DEFAULT 'engine'
)
RETURNS bigint
LANGUAGE sql
AS $$
    INSERT INTO health.recovery_actions (
        agent_id, issue_type, state, requested_by, incident_id, created_at, not_before, started_at,
        finished_at
    )
    VALUES (
        p_agent_id, 'agent_unresponsive', p_state, p_by,
        (
            SELECT incident_id FROM health.incidents
            WHERE agent_id = p_agent_id AND onset_at = tap.at(p_onset)
        ),
        tap.at(p_created), tap.at(p_created),
        CASE WHEN p_state <> 'cancelled' THEN tap.at(p_created) END, tap.at(p_finished)
    )
    RETURNING action_id
$$;

CREATE FUNCTION tap.business_history()
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health.agents (agent_id, agent_name, revenue_usd_per_hour, manual_recovery_minutes, manual_recovery_cost_usd)
    VALUES ('shop', 'Shop', 3600, 60, 50), ('depot', 'Depot', 720, NULL, NULL), ('plain', 'Plain', 0, NULL, NULL);
    SELECT tap.change('shop', -100, 'alive', p_was => 'never_seen');
    SELECT tap.change('depot', -50, 'alive', p_was => 'never_seen');
    -- Late, then silent since 1000; it starts at 1200 and is back at 1210.
    SELECT tap.change('shop', 1030, 'late', 65, 1000);
    SELECT tap.change('shop', 1060, 'unresponsive', 0, 1000, 'late');
    SELECT tap.change('shop', 1200, 'starting', 90, p_was => 'unresponsive');
    SELECT tap.change('shop', 1210, 'alive', p_was => 'starting');
    SELECT tap.change('depot', 1100, 'unresponsive', 0, 1000);
    SELECT tap.change('depot', 1500, 'alive', p_was => 'unresponsive');
    -- Half its service for ten minutes.
    SELECT tap.change('shop', 5000, 'alive', 50);
    SELECT tap.change('shop', 5600, 'alive');
    SELECT tap.change('plain', 3600, 'alive', p_was => 'never_seen');
    SELECT tap.change('plain', 7200, 'stopped');
    -- Down from 10400 to 11100, of which up to 11000 in maintenance.
    SELECT tap.change('shop', 10500, 'unresponsive', 0, 10400);
    SELECT tap.change('shop', 11100, 'alive', p_was => 'unresponsive');
    INSERT INTO health.maintenance_windows (matchers, starts_at, ends_at, created_by, reason)
    VALUES ('{}', tap.at(10000), tap.at(11000), 'ana', 'a test');
    INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at, ended_at)
    SELECT max(window_id), 'shop', tap.at(10000), tap.at(11000), tap.at(11000) FROM health.maintenance_windows;
    -- Silent from 19900 to 20800, and the monitor blind from 20000 to 20600.
    SELECT tap.change('shop', 20650, 'unresponsive', 0, 19900);
    SELECT tap.change('shop', 20800, 'alive', p_was => 'unresponsive');
    INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at)
    VALUES ('engine_stopped', tap.at(20000), tap.at(20600), tap.at(20660));
    SELECT tap.incident('shop', 1000, 1060, 1210);
    SELECT tap.incident('depot', 1000, 1100, 1500, p_acknowledged => 1200);
    SELECT tap.incident('shop', 5000, 5060, 5600, 'warning');
    SELECT tap.incident('plain', 6000, 6000, 6100);
    SELECT tap.incident('shop', 19900, 20650, 20800);
    SELECT tap.incident('depot', 35000, 35010, NULL);
    SELECT tap.recovery('shop', 1000, 1060, 1240, 'succeeded');
    SELECT tap.recovery('depot', 1000, 1100, 1300, 'failed');
    SELECT tap.recovery('depot', 1000, 1310, 1400, 'escalated');
    SELECT tap.recovery('shop', 5000, 5100, 5600, 'cancelled');
    SELECT tap.recovery('shop', 19900, 20650, 20860, 'succeeded');
$$;

-- All steps of the roll-ups that are due, and how many.
CREATE FUNCTION tap.roll_up(p_now timestamptz)
RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    v_steps integer := 0;
BEGIN
    WHILE health_internal.roll_up_step(p_now) LOOP
        v_steps := v_steps + 1;
    END LOOP;
    RETURN v_steps;
END
$$;

-- Agents of whom the roll-up of the first day and its transitions differ.
CREATE FUNCTION tap.roll_up_differences()
RETURNS SETOF text
LANGUAGE sql
AS $$
    SELECT a.agent_id FROM health_internal.service_seconds_measured(tap.at(-25200), tap.at(61200), NULL) AS a
    FULL JOIN (SELECT * FROM health.agent_days WHERE day_at = tap.at(-25200)) AS d ON d.agent_id = a.agent_id
    WHERE abs(a.up_seconds - d.up_seconds) + abs(a.degraded_seconds - d.degraded_seconds) + abs(a.down_seconds - d.down_seconds)
        + abs(a.lost_seconds - d.lost_seconds) + abs(a.unknown_seconds - d.unknown_seconds) + abs(a.maintenance_up_seconds - d.maintenance_up_seconds)
        + abs(a.maintenance_down_seconds - d.maintenance_down_seconds) + abs(a.score_seconds - d.score_seconds) > 1e-3 IS NOT FALSE
$$;
