-- backtest: what the engine would have done over stored history under another policy, in figures that can
-- be laid beside each other.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.check_backtest(
    p_from timestamptz,
    p_to timestamptz,
    p_step interval,
    p_warmup interval,
    p_agent_ids text [],
    OUT warm_from timestamptz,
    OUT step interval
)
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    v_most_rows constant integer := 2000000;
    v_most_ticks constant integer := 200000;
    v_kept_from timestamptz;
    v_rows bigint;
BEGIN
    PERFORM health_internal.check_unconfined();
    IF p_from IS NULL OR p_to IS NULL OR p_from >= p_to
        OR p_from < '0001-01-01' OR p_to > '9999-12-31' THEN
        RAISE EXCEPTION 'a backtest must go from one time to a later one'
            USING ERRCODE = 'BT003',
                DETAIL = format('Asked for %s to %s.', p_from, p_to),
                HINT = 'For example health.backtest(''live'', now() - interval ''6 hours'', now()).';
    END IF;
    IF p_step NOT BETWEEN interval '100 milliseconds' AND interval '30 seconds' THEN
        RAISE EXCEPTION 'a backtest ticks each 100 ms to 30 s, not each %', p_step
            USING ERRCODE = 'BT003',
                HINT = 'Leave p_step out: it is then the engine''s own period, or longer for a long time.';
    END IF;
    IF p_warmup IS NULL OR p_warmup NOT BETWEEN interval '0' AND interval '31 days' THEN
        RAISE EXCEPTION 'a backtest is warmed up for at most 31 days'
            USING ERRCODE = 'BT003',
                HINT = 'One hour, the default, is enough for everything but baselines.';
    END IF;

    -- Since when raw rows are kept without a hole. What comes after the last partition is in the default.
    SELECT lower(stretches.times)
    INTO v_kept_from
    FROM (
        SELECT unnest(range_agg(tstzrange(partitions.from_at, partitions.until_at))) AS times
        FROM health_internal.partitions
        WHERE partitions.table_name = 'agent_heartbeats'
    ) AS stretches
    WHERE lower(stretches.times) <= p_from
    ORDER BY stretches.times DESC
    LIMIT 1;
    IF v_kept_from IS NOT NULL AND NOT EXISTS (
        SELECT FROM health_internal.partitions
        WHERE partitions.table_name = 'agent_heartbeats'
            AND (partitions.until_at > p_from OR NOT partitions.is_history)
            AND partitions.from_at <= p_from
    ) THEN
        v_kept_from := NULL;
    END IF;
    IF v_kept_from IS NULL THEN
        RAISE EXCEPTION 'raw rows of % are no longer kept', p_from
            USING ERRCODE = 'BT004',
                DETAIL = format('The oldest that are kept came %s.', (
                    SELECT min(partitions.from_at) FROM health_internal.partitions
                    WHERE partitions.table_name = 'agent_heartbeats'
                )),
                HINT = 'Begin later; settings.raw_retention says how long rows are kept, and '
                    'health.load_history makes room for rows of an archive.';
    END IF;
    warm_from := greatest(p_from - p_warmup, v_kept_from);

    step := coalesce(p_step, least(interval '30 seconds', greatest(
        (SELECT settings.tick_period FROM health.settings),
        -- Whole seconds, so that a day is some ten thousand ticks at most.
        make_interval(secs => floor(date_part('epoch', p_to - warm_from) / 10000))
    )));
    IF date_part('epoch', p_to - warm_from) / date_part('epoch', step) > v_most_ticks THEN
        RAISE EXCEPTION 'a backtest from % to % each % is more than % ticks',
            warm_from, p_to, step, v_most_ticks
            USING ERRCODE = 'BT005',
                HINT = 'Shorten the time, or give a longer p_step.';
    END IF;
    SELECT sum(counted.row_count)
    INTO v_rows
    FROM (
        SELECT count(*) AS row_count
        FROM (
            SELECT FROM health.agent_heartbeats AS beats
            WHERE beats.received_at > warm_from AND beats.received_at <= p_to
                AND (p_agent_ids IS NULL OR beats.agent_id = ANY (p_agent_ids))
            LIMIT v_most_rows + 1
        ) AS few
        UNION ALL
        SELECT count(*)
        FROM (
            SELECT FROM health.ingest_heartbeats AS beats
            WHERE beats.received_at > warm_from AND beats.received_at <= p_to
                AND (p_agent_ids IS NULL OR beats.agent_id = ANY (p_agent_ids))
            LIMIT v_most_rows + 1
        ) AS few
        UNION ALL
        SELECT count(*)
        FROM (
            SELECT FROM health.performance_metrics AS metrics
            WHERE metrics.received_at > warm_from AND metrics.received_at <= p_to
                AND (p_agent_ids IS NULL OR metrics.agent_id = ANY (p_agent_ids))
            LIMIT v_most_rows + 1
        ) AS few
    ) AS counted;
    IF v_rows > v_most_rows THEN
        RAISE EXCEPTION 'more than % raw rows from % to % are too many for a backtest',
            v_most_rows, warm_from, p_to
            USING ERRCODE = 'BT005',
                HINT = 'Shorten the time, or name some agents in p_agent_ids.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.check_backtest(
    timestamptz, timestamptz, interval, interval, text []
) IS
'From when to replay, the warm-up included as far as rows are kept, and at which step (where none is asked '
'for the engine''s period, longer beyond 10,000 ticks). Raises BT003 for times that make no sense, BT004 '
'where rows are no longer kept, BT005 beyond 2,000,000 rows or 200,000 ticks.';

CREATE OR REPLACE FUNCTION health_internal.sandbox_events(
    p_sandbox text,
    p_from timestamptz,
    p_to timestamptz
)
RETURNS health_internal.backtest_event []
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_events health_internal.backtest_event [];
BEGIN
    EXECUTE format(
        $sql$
        SELECT array_agg(
            ROW(
                events.occurred_at, events.agent_id, events.kind, events.what, events.severity,
                events.began_at, events.ended_at, events.details
            )::health_internal.backtest_event ORDER BY events.occurred_at, events.place
        )
        FROM (
            SELECT $1 AS occurred_at, standing.agent_id, 'standing' AS kind, standing.new_status AS what,
                NULL AS severity, NULL::timestamptz AS began_at, NULL::timestamptz AS ended_at,
                jsonb_build_object('liveness', standing.new_liveness) AS details, 0::bigint AS place
            FROM (
                SELECT DISTINCT ON (agent_id) agent_id, new_status, new_liveness
                FROM %1$I.status_transitions
                WHERE occurred_at <= $1
                ORDER BY agent_id, transition_id DESC
            ) AS standing
            UNION ALL
            SELECT occurred_at, agent_id, 'transition', new_status, NULL, NULL, NULL,
                jsonb_build_object(
                    'old_status', old_status, 'new_status', new_status,
                    'old_liveness', old_liveness, 'new_liveness', new_liveness,
                    'old_issue_type', old_issue_type, 'issue_type', issue_type,
                    'new_score', new_score
                ),
                transition_id
            FROM %1$I.status_transitions
            WHERE occurred_at > $1 AND occurred_at <= $2
            UNION ALL
            SELECT opened_at, agent_id, 'alert', rule, severity, opened_at, resolved_at,
                jsonb_build_object('summary', summary, 'incident_id', incident_id), alert_id
            FROM %1$I.alerts
            WHERE opened_at > $1 AND opened_at <= $2
            UNION ALL
            -- One for each agent of an incident of many.
            SELECT incidents.detected_at, coalesce(members.agent_id, incidents.agent_id), 'incident',
                incidents.engine_rule, incidents.severity, incidents.onset_at, incidents.resolved_at,
                jsonb_build_object('incident_id', incidents.incident_id), incidents.incident_id
            FROM %1$I.incidents
            LEFT JOIN %1$I.incident_members AS members USING (incident_id)
            WHERE incidents.detected_at <= $2
                AND (incidents.resolved_at > $1 OR incidents.resolved_at IS NULL)
            UNION ALL
            SELECT created_at, agent_ids[1], 'page', event, severity, NULL, NULL,
                jsonb_build_object(
                    'channel', channel, 'subject', subject, 'incident_id', incident_id
                ),
                delivery_id
            FROM %1$I.deliveries
            WHERE created_at > $1 AND created_at <= $2 AND event NOT IN ('resolved', 'reminder')
            UNION ALL
            SELECT steps.started_at, actions.agent_id, 'restart', actions.issue_type, NULL,
                steps.started_at, steps.finished_at,
                jsonb_build_object('attempt', actions.attempt, 'state', actions.state),
                actions.action_id
            FROM %1$I.recovery_trail AS steps
            INNER JOIN %1$I.recovery_actions AS actions USING (action_id)
            WHERE steps.action = 'restart_agent'
                AND steps.started_at > $1 AND steps.started_at <= $2
        ) AS events
        WHERE events.agent_id IS DISTINCT FROM 'heartbeat_health_agent'
        $sql$,
        p_sandbox
    )
    INTO v_events
    USING p_from, p_to;
    RETURN coalesce(v_events, '{}');
END;
$$;
COMMENT ON FUNCTION health_internal.sandbox_events(text, timestamptz, timestamptz) IS
'What happened in a sandbox in the period, the status before it and the incidents that reach into it '
'included; of the agents, not of the engine itself.';

CREATE OR REPLACE FUNCTION health_internal.run_backtest(
    p_changes jsonb,
    p_from timestamptz,
    p_to timestamptz,
    p_step interval,
    p_warmup interval,
    p_agent_ids text []
)
RETURNS SETOF health_internal.backtest_event
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_started constant timestamptz := clock_timestamp();
    v_sandbox constant text := 'health_backtest';
    v_plan record;
    v_events health_internal.backtest_event [];
    v_ticks bigint;
    v_beats bigint;
    v_bytes bigint;
BEGIN
    PERFORM health_internal.check_policy_changes(p_changes);
    SELECT checked.*
    INTO v_plan
    FROM health_internal.check_backtest(p_from, p_to, p_step, p_warmup, p_agent_ids) AS checked;
    PERFORM FROM health_internal.sandbox FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another backtest is at work'
            USING ERRCODE = 'BT010',
                HINT = 'There is one sandbox, so that backtests leave the server to its agents: wait for '
                    'the other, which pg_stat_activity shows.';
    END IF;
    BEGIN
        PERFORM health_internal.build_sandbox(ARRAY[
            'health.tick', 'health.claim_recovery_actions', 'health.report_recovery_action',
            'health.recovery_trail'
        ]);
        v_beats := health_internal.furnish_sandbox(
            v_sandbox, p_changes, v_plan.warm_from, p_to, p_agent_ids
        );
        v_ticks := health_internal.replay_ticks(v_sandbox, v_plan.warm_from, p_to, v_plan.step);
        v_events := health_internal.sandbox_events(v_sandbox, p_from, p_to);
        v_bytes := (
            SELECT sum(pg_total_relation_size(pg_class.oid))
            FROM pg_class
            WHERE pg_class.relkind = 'r'
                AND pg_class.relnamespace IN (
                    v_sandbox::regnamespace, (v_sandbox || '_internal')::regnamespace
                )
        );
        RAISE EXCEPTION 'taken back' USING ERRCODE = 'BT009';
    EXCEPTION
        WHEN SQLSTATE 'BT009' THEN
            -- Variables outlive the subtransaction; what it wrote does not.
            NULL;
    END;
    RETURN QUERY
    SELECT unnested.*
    FROM unnest(v_events) AS unnested;
    RETURN NEXT (
        p_to, NULL, 'cost', 'backtest', NULL, v_plan.warm_from, p_to,
        jsonb_build_object(
            'tick_count', v_ticks, 'heartbeat_count', v_beats,
            'step_seconds', date_part('epoch', v_plan.step),
            'warmup_seconds', date_part('epoch', p_from - v_plan.warm_from),
            'sandbox_bytes', v_bytes,
            'elapsed_ms', round(date_part('epoch', clock_timestamp() - v_started) * 1000)
        )
    )::health_internal.backtest_event;
END;
$$;
COMMENT ON FUNCTION health_internal.run_backtest(
    jsonb, timestamptz, timestamptz, interval, interval, text []
) IS
'Replays the period through the engine in a sandbox under the policies in force with p_changes, takes '
'everything back, and returns what happened, the last row being what it took. Raises BT002 to BT005, BT010 while another is at work. '
'(BT009 takes back the sandbox and is never seen.)';

COMMIT;
