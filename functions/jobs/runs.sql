-- The fold of signals into job_runs. The tick calls fold_signals with its cursor.
BEGIN;

SET LOCAL ROLE health_owner;

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
        SELECT recent.*
        FROM health_internal.recent_signals(p_now, p_range) AS recent
    ),

    -- The first new run that came too late for the missed one takes its row.
    placed AS (
        SELECT
            told.agent_id,
            told.run_id,
            told.started_at,
            told.finished_at,
            told.outcome,
            told.attributes,
            told.last_signal_at,
            told.began_at,
            agents.max_run_time,
            answers.answered_at,
            coalesce(
                told.job_run_id,
                CASE
                    WHEN answers.answered_at = missed.expected_at AND row_number() OVER (
                        PARTITION BY told.agent_id, answers.answered_at ORDER BY told.began_at
                    ) = 1 THEN jobs.missed_run_id
                END
            ) AS job_run_id
        FROM health_internal.told_runs(p_now, p_range) AS told
        LEFT JOIN health.agents ON told.agent_id = agents.agent_id
        LEFT JOIN health.job_expectations AS jobs ON told.agent_id = jobs.agent_id
        LEFT JOIN health.job_runs AS missed ON jobs.missed_run_id = missed.job_run_id
        -- Nearly all answer the time expected, or the one before; of others the schedule is asked.
        LEFT JOIN LATERAL (
            SELECT CASE
                WHEN told.began_at >= jobs.previous_at AND told.began_at < jobs.counts_from
                    THEN jobs.previous_at
                WHEN told.began_at >= jobs.counts_from
                    AND told.began_at
                    < health_internal.run_counts_from(jobs.expected_at, jobs.following_at)
                    THEN jobs.expected_at
            END AS answered_at
        ) AS near ON jobs.schedule IS NOT NULL AND told.job_run_id IS NULL
        LEFT JOIN LATERAL (
            SELECT found.answered_at
            FROM health_internal.expect_run(
                jobs.schedule, jobs.time_zone, told.began_at, true
            ) AS found
            WHERE jobs.schedule IS NOT NULL
                AND told.job_run_id IS NULL
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
'Makes runs of the signals that arrived (told_runs) and takes over changed schedules; returns how many '
'signals.';

COMMIT;
