-- Runs of jobs from the signals that arrived. The tick calls fold_signals with its cursor.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.arrived_signals(
    p_range health_internal.arrival_range
)
RETURNS TABLE (
    agent_id text,
    run_id text,
    signal text,
    received_at timestamptz,
    attributes jsonb
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        arrived.agent_id,
        arrived.run_id,
        arrived.signal,
        arrived.received_at,
        arrived.attributes
    FROM health_internal.job_signals AS arrived
    WHERE (
            arrived.txid >= (p_range).from_xmax
            AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
        )
        OR (
            arrived.txid = ANY ((p_range).in_progress)
            AND pg_visible_in_snapshot(arrived.txid, (p_range).until)
            AND (
                arrived.txid IS DISTINCT FROM (p_range).last_own_xid
                OR arrived.cmin::text::bigint >= (p_range).last_own_from
            )
        )
        OR (
            arrived.txid = (p_range).own_xid
            AND arrived.cmin::text::bigint
            BETWEEN (p_range).own_from AND (p_range).own_until
        )
$$;
COMMENT ON FUNCTION health_internal.arrived_signals(health_internal.arrival_range) IS
'Signals of jobs to fold. Inlined.';

CREATE OR REPLACE FUNCTION health_internal.fold_signals(
    p_now timestamptz,
    p_range health_internal.arrival_range
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
-- One plan for every tick; it must not be one that reads all changes there ever were.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_changed text [];
    v_count bigint;
    v_touched text [];
BEGIN
    v_changed := ARRAY(
        SELECT DISTINCT changes.agent_id
        FROM health_internal.arrived_agent_changes(p_range) AS changes
    );
    IF v_changed <> '{}' THEN
        PERFORM health_internal.configure_jobs(p_now, v_changed);
    END IF;
    IF NOT EXISTS (
        SELECT FROM health_internal.arrived_signals(p_range)
    ) THEN
        RETURN 0;
    END IF;

    WITH signals AS MATERIALIZED (
        SELECT arrived.*
        FROM health_internal.arrived_signals(p_range) AS arrived
        CROSS JOIN health.settings
        WHERE arrived.received_at >= p_now - settings.history_after
            AND (
                settings.unknown_agents = 'register'
                OR EXISTS (SELECT FROM health.agents WHERE agents.agent_id = arrived.agent_id)
            )
    ),

    -- The latest run of each run_id takes part in what follows as the signals it was made of.
    latest AS MATERIALIZED (
        SELECT known.*
        FROM (SELECT DISTINCT signals.agent_id, signals.run_id FROM signals) AS touched
        CROSS JOIN LATERAL (
            SELECT runs.*
            FROM health.job_runs AS runs
            WHERE runs.agent_id = touched.agent_id
                AND runs.run_id = touched.run_id
                AND runs.began_at IS NOT NULL
            ORDER BY runs.began_at DESC, runs.job_run_id DESC
            LIMIT 1
        ) AS known
    ),

    told AS (
        SELECT
            signals.agent_id, signals.run_id, signals.signal, signals.received_at,
            signals.attributes, NULL::bigint AS job_run_id
        FROM signals
        WHERE signals.signal <> 'log'
        UNION ALL
        SELECT
            latest.agent_id, latest.run_id, 'start', latest.started_at, NULL, latest.job_run_id
        FROM latest
        WHERE latest.started_at IS NOT NULL
        UNION ALL
        SELECT
            latest.agent_id, latest.run_id, latest.outcome, latest.finished_at,
            latest.attributes, latest.job_run_id
        FROM latest
        WHERE latest.outcome IN ('success', 'fail')
    ),

    followed AS (
        SELECT
            told.*,
            lag(told.signal) OVER by_run AS last_signal,
            told.received_at - lag(told.received_at) OVER by_run AS since_last
        FROM told
        WINDOW by_run AS (
            PARTITION BY told.agent_id, told.run_id
            ORDER BY told.received_at, told.signal <> 'start', told.job_run_id
        )
    ),

    -- A run begins with a start, unless it has started (a run_id that is told twice), and with an end
    -- that no start came before, unless it says again within a minute what the last end said.
    numbered AS (
        SELECT
            followed.*,
            count(*) FILTER (WHERE CASE
                WHEN followed.last_signal IS NULL THEN true
                WHEN followed.signal = 'start'
                    THEN followed.last_signal <> 'start' OR followed.run_id = ''
                ELSE followed.last_signal <> 'start' AND NOT (
                    followed.last_signal = followed.signal AND followed.run_id <> ''
                    AND followed.since_last <= interval '1 minute'
                )
            END) OVER (
                PARTITION BY followed.agent_id, followed.run_id
                ORDER BY followed.received_at, followed.signal <> 'start', followed.job_run_id
                ROWS UNBOUNDED PRECEDING
            ) AS run_number
        FROM followed
    ),

    runs AS (
        SELECT
            numbered.agent_id,
            numbered.run_id,
            numbered.run_number,
            max(numbered.job_run_id) AS job_run_id,
            min(numbered.received_at) FILTER (WHERE numbered.signal = 'start') AS started_at,
            min(numbered.received_at) FILTER (WHERE numbered.signal <> 'start') AS finished_at,
            min(numbered.signal) FILTER (WHERE numbered.signal <> 'start') AS ending,
            max(numbered.received_at) AS last_signal_at,
            (array_agg(numbered.attributes ORDER BY numbered.received_at)
                FILTER (WHERE numbered.signal <> 'start'))[1] AS attributes
        FROM numbered
        GROUP BY numbered.agent_id, numbered.run_id, numbered.run_number
    ),

    -- Where runs are not named, the next start ends what had not ended.
    closed AS (
        SELECT
            runs.agent_id,
            runs.run_id,
            -- A start that came late may cut a known run in two.
            CASE
                WHEN row_number() OVER (
                    PARTITION BY runs.job_run_id ORDER BY runs.run_number
                ) = 1 THEN runs.job_run_id
            END AS job_run_id,
            runs.started_at,
            runs.attributes,
            runs.last_signal_at,
            coalesce(runs.started_at, runs.finished_at) AS began_at,
            coalesce(runs.finished_at, lead(runs.started_at) OVER by_run) AS finished_at,
            coalesce(
                runs.ending,
                CASE WHEN lead(runs.started_at) OVER by_run IS NOT NULL THEN 'lost' END
            ) AS outcome
        FROM runs
        WINDOW by_run AS (PARTITION BY runs.agent_id, runs.run_id ORDER BY runs.run_number)
    ),

    -- The first new run that came too late for the missed one takes its row.
    placed AS (
        SELECT
            closed.agent_id,
            closed.run_id,
            closed.started_at,
            closed.finished_at,
            closed.outcome,
            closed.attributes,
            closed.last_signal_at,
            closed.began_at,
            agents.max_run_time,
            answers.answered_at,
            coalesce(
                closed.job_run_id,
                CASE
                    WHEN answers.answered_at = missed.expected_at AND row_number() OVER (
                        PARTITION BY closed.agent_id, answers.answered_at ORDER BY closed.began_at
                    ) = 1 THEN jobs.missed_run_id
                END
            ) AS job_run_id
        FROM closed
        LEFT JOIN health.agents ON closed.agent_id = agents.agent_id
        LEFT JOIN health.job_expectations AS jobs ON closed.agent_id = jobs.agent_id
        LEFT JOIN health.job_runs AS missed ON jobs.missed_run_id = missed.job_run_id
        -- Nearly all answer the time expected, or the one before; of others the schedule is asked.
        LEFT JOIN LATERAL (
            SELECT CASE
                WHEN closed.began_at >= jobs.previous_at AND closed.began_at < jobs.counts_from
                    THEN jobs.previous_at
                WHEN closed.began_at >= jobs.counts_from
                    AND closed.began_at
                    < health_internal.run_counts_from(jobs.expected_at, jobs.following_at)
                    THEN jobs.expected_at
            END AS answered_at
        ) AS near ON jobs.schedule IS NOT NULL AND closed.job_run_id IS NULL
        LEFT JOIN LATERAL (
            SELECT found.answered_at
            FROM health_internal.expect_run(
                jobs.schedule, jobs.time_zone, closed.began_at, true
            ) AS found
            WHERE jobs.schedule IS NOT NULL
                AND closed.job_run_id IS NULL
                AND near.answered_at IS NULL
            -- Else the function would be asked first, and its answer thrown away.
            OFFSET 0
        ) AS slots ON true
        CROSS JOIN LATERAL (
            SELECT coalesce(near.answered_at, slots.answered_at) AS answered_at
        ) AS answers
    ),

    updated AS (
        UPDATE health.job_runs AS kept
        SET
            run_id = placed.run_id,
            expected_at = coalesce(kept.expected_at, placed.answered_at),
            started_at = placed.started_at,
            finished_at = placed.finished_at,
            outcome = coalesce(
                placed.outcome,
                CASE WHEN kept.outcome = 'overdue' THEN 'overdue' ELSE 'running' END
            ),
            overdue_at = placed.started_at + placed.max_run_time,
            last_signal_at = greatest(kept.last_signal_at, placed.last_signal_at),
            attributes = placed.attributes
        FROM placed
        WHERE kept.job_run_id = placed.job_run_id
        RETURNING kept.job_run_id
    ),

    inserted AS (
        INSERT INTO health.job_runs (
            agent_id, run_id, expected_at, started_at, finished_at, outcome, overdue_at,
            last_signal_at, attributes
        )
        SELECT
            placed.agent_id, placed.run_id, placed.answered_at, placed.started_at,
            placed.finished_at, coalesce(placed.outcome, 'running'),
            placed.started_at + placed.max_run_time, placed.last_signal_at, placed.attributes
        FROM placed
        WHERE placed.job_run_id IS NULL
        ORDER BY placed.began_at
        RETURNING job_runs.job_run_id
    ),

    newest AS (
        SELECT
            placed.agent_id,
            max(placed.began_at) AS began_at,
            max(placed.answered_at) AS answered_at
        FROM placed
        GROUP BY placed.agent_id
    ),

    expected AS (
        INSERT INTO health.job_expectations AS jobs (
            agent_id, time_zone, grace, max_run_time, uses_signals, last_run_at
        )
        SELECT
            newest.agent_id,
            coalesce(agents.time_zone, 'UTC'),
            coalesce(agents.grace, '0'),
            agents.max_run_time,
            true,
            newest.began_at
        FROM newest
        LEFT JOIN health.agents ON newest.agent_id = agents.agent_id
        ON CONFLICT (agent_id) DO UPDATE SET
            uses_signals = true,
            last_run_at = greatest(jobs.last_run_at, excluded.last_run_at),
            -- A run that begins makes good what was missed before.
            missed_run_id = CASE
                WHEN NOT EXISTS (
                    SELECT FROM health.job_runs AS missed
                    INNER JOIN newest ON newest.agent_id = missed.agent_id
                    WHERE missed.job_run_id = jobs.missed_run_id
                        AND newest.answered_at >= missed.expected_at
                ) THEN jobs.missed_run_id
            END
    )

    SELECT
        (SELECT count(*) FROM signals),
        ARRAY(SELECT DISTINCT signals.agent_id FROM signals)
    INTO v_count, v_touched;

    -- Log lines belong to the run of their name that began last before them.
    UPDATE health.job_runs AS runs
    SET
        log_count = runs.log_count + logged.line_count,
        last_signal_at = greatest(runs.last_signal_at, logged.last_at)
    FROM (
        SELECT
            found.job_run_id,
            count(*) AS line_count,
            max(arrived.received_at) AS last_at
        FROM health_internal.arrived_signals(p_range) AS arrived
        CROSS JOIN LATERAL (
            SELECT known.job_run_id
            FROM health.job_runs AS known
            WHERE known.agent_id = arrived.agent_id
                AND known.run_id = arrived.run_id
                AND known.began_at <= arrived.received_at
            ORDER BY known.began_at DESC, known.job_run_id DESC
            LIMIT 1
        ) AS found
        WHERE arrived.signal = 'log'
        GROUP BY found.job_run_id
    ) AS logged
    WHERE runs.job_run_id = logged.job_run_id;

    PERFORM health_internal.expect_next(v_touched);
    PERFORM health_internal.refresh_jobs(p_now, v_touched);
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_signals(timestamptz, health_internal.arrival_range) IS
'Makes runs of the signals that arrived and takes over changed schedules; returns how many signals. '
'Signals are paired by run_id in order of received_at, whatever the order of arrival; without run_id an '
'end belongs to the start before it, and a further start ends a run as lost. An end without a start is a '
'run of its own until its start arrives.';

COMMIT;
