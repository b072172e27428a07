-- Deadlines of jobs: runs that are missed or take too long. The tick calls watch_jobs when it has judged.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.expect_after(
    p_job health.job_expectations,
    OUT answered_at timestamptz,
    OUT expected_at timestamptz,
    OUT counts_from timestamptz,
    OUT following_at timestamptz,
    OUT problem text
)
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    IF p_job.last_run_at < health_internal.run_counts_from(p_job.expected_at, p_job.following_at) THEN
        answered_at := p_job.expected_at;
        expected_at := p_job.following_at;
        counts_from := health_internal.run_counts_from(answered_at, expected_at);
        following_at := health_internal.find_run(p_job.plan, p_job.time_zone, expected_at, 1);
        RETURN;
    END IF;
    SELECT found.answered_at, found.expected_at, found.counts_from, found.following_at, found.problem
    INTO answered_at, expected_at, counts_from, following_at, problem
    FROM health_internal.expect_run(
        p_job.schedule, p_job.time_zone, p_job.last_run_at, true
    ) AS found;
EXCEPTION
    -- See expect_run.
    WHEN OTHERS THEN
        answered_at := NULL;
        expected_at := NULL;
        counts_from := NULL;
        following_at := NULL;
        problem := SQLERRM;
END;
$$;
COMMENT ON FUNCTION health_internal.expect_after(health.job_expectations) IS
'What is expected of a job after its last run, from counts_from on; as expect_run, but quick where it '
'answered the expected time. It raises nothing.';

CREATE OR REPLACE FUNCTION health_internal.expect_next(p_agent_ids text [])
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    UPDATE health.job_expectations AS jobs
    SET
        counts_from = expected.counts_from,
        previous_at = expected.answered_at,
        expected_at = expected.expected_at,
        following_at = expected.following_at,
        late_at = expected.expected_at + jobs.grace / 2,
        missed_at = expected.expected_at + jobs.grace,
        check_at = expected.expected_at + jobs.grace / CASE WHEN jobs.uses_signals THEN 1 ELSE 2 END,
        schedule_problem = expected.problem
    FROM health.job_expectations AS run
    -- A run that answers the expected time, as nearly all do, asks for one more scheduled time only.
    CROSS JOIN LATERAL health_internal.expect_after(run) AS expected
    WHERE run.agent_id = ANY (p_agent_ids)
        AND run.last_run_at >= run.counts_from
        AND jobs.agent_id = run.agent_id;
$$;
COMMENT ON FUNCTION health_internal.expect_next(text []) IS
'Expects the next run of those of these jobs whose expected one has begun.';

CREATE OR REPLACE FUNCTION health_internal.watch_jobs(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_overdue text [];
    v_beaten text [];
    v_due text [];
    v_missed text [];
BEGIN
    -- Without jobs a tick pays for one look.
    IF NOT EXISTS (SELECT FROM health.job_expectations) THEN
        RETURN 0;
    END IF;

    WITH overran AS (
        UPDATE health.job_runs AS runs
        SET outcome = 'overdue'
        WHERE runs.outcome = 'running' AND runs.overdue_at <= p_now
        RETURNING runs.agent_id
    ),

    given_up AS (
        UPDATE health.job_runs AS runs
        SET outcome = 'lost', finished_at = p_now
        WHERE runs.outcome IN ('running', 'overdue')
            AND runs.last_signal_at < p_now - interval '7 days'
            AND NOT (runs.outcome = 'running' AND runs.overdue_at IS NOT NULL)
        RETURNING runs.agent_id
    )

    SELECT ARRAY(
        SELECT overran.agent_id FROM overran UNION SELECT given_up.agent_id FROM given_up
    )
    INTO v_overdue;

    -- Jobs that never signal: any heartbeat is a run, late ones make good what was missed.
    WITH beaten AS (
        UPDATE health.job_expectations AS jobs
        SET last_run_at = status.last_heartbeat_at, missed_run_id = NULL
        FROM health.agent_status AS status
        WHERE status.agent_id = jobs.agent_id
            AND NOT jobs.uses_signals
            AND (
                (jobs.check_at <= p_now AND status.last_heartbeat_at >= jobs.counts_from)
                OR (
                    jobs.missed_run_id IS NOT NULL
                    AND status.last_heartbeat_at > (
                        SELECT missed.expected_at FROM health.job_runs AS missed
                        WHERE missed.job_run_id = jobs.missed_run_id
                    )
                )
            )
        RETURNING jobs.agent_id
    )

    SELECT ARRAY(SELECT beaten.agent_id FROM beaten)
    INTO v_beaten;
    IF v_beaten <> '{}' THEN
        PERFORM health_internal.expect_next(v_beaten);
    END IF;

    v_due := ARRAY(
        SELECT jobs.agent_id
        FROM health.job_expectations AS jobs
        WHERE jobs.check_at <= p_now
    );
    IF v_due <> '{}' THEN
        UPDATE health.job_expectations AS jobs
        SET check_at = jobs.missed_at
        WHERE jobs.agent_id = ANY (v_due) AND jobs.missed_at > p_now;

        WITH judged AS MATERIALIZED (
            SELECT
                jobs.agent_id,
                jobs.schedule,
                jobs.time_zone,
                jobs.grace,
                jobs.expected_at,
                coalesce(bool_or(gaps.reason = 'server_restarted'), false) AS is_unknown
            FROM health.job_expectations AS jobs
            LEFT JOIN health.monitor_gaps AS gaps
                ON gaps.started_at < jobs.missed_at AND gaps.ended_at > jobs.counts_from
            WHERE jobs.agent_id = ANY (v_due) AND jobs.missed_at <= p_now
            GROUP BY jobs.agent_id
            -- After a gap of the monitor jobs have time to come back, as all agents have.
            HAVING coalesce(max(gaps.settled_at), '-infinity') <= p_now
        ),

        noted AS (
            INSERT INTO health.job_runs (agent_id, expected_at, outcome, missed_at)
            SELECT
                judged.agent_id,
                judged.expected_at,
                CASE WHEN judged.is_unknown THEN 'unknown' ELSE 'missed' END,
                CASE WHEN NOT judged.is_unknown THEN p_now END
            FROM judged
            RETURNING job_runs.agent_id, job_runs.job_run_id, job_runs.outcome
        ),

        moved AS (
            UPDATE health.job_expectations AS jobs
            SET
                counts_from = expected.counts_from,
                previous_at = expected.answered_at,
                expected_at = expected.expected_at,
                following_at = expected.following_at,
                late_at = expected.expected_at + jobs.grace / 2,
                missed_at = expected.expected_at + jobs.grace,
                check_at = expected.expected_at
                + jobs.grace / CASE WHEN jobs.uses_signals THEN 1 ELSE 2 END,
                schedule_problem = expected.problem,
                missed_run_id = CASE
                    WHEN noted.outcome = 'missed' THEN noted.job_run_id ELSE jobs.missed_run_id
                END
            FROM judged
            INNER JOIN noted ON judged.agent_id = noted.agent_id
            -- What passed altogether while nobody ticked is one missed run, not many.
            CROSS JOIN LATERAL health_internal.expect_run(
                judged.schedule, judged.time_zone,
                greatest(judged.expected_at, p_now - judged.grace), false
            ) AS expected
            WHERE jobs.agent_id = judged.agent_id
        )

        SELECT ARRAY(SELECT judged.agent_id FROM judged)
        INTO v_missed;
    END IF;

    IF v_overdue <> '{}' OR v_beaten <> '{}' OR v_missed <> '{}' THEN
        PERFORM health_internal.refresh_jobs(p_now, v_overdue || v_beaten || v_missed);
    END IF;
    RETURN coalesce(cardinality(v_missed), 0) + cardinality(v_overdue);
END;
$$;
COMMENT ON FUNCTION health_internal.watch_jobs(timestamptz) IS
'Notes the runs that are missed or take too long at p_now, gives up as lost those nothing was heard of '
'for 7 days, and writes their findings; called after agents were judged. A run that was scheduled while '
'the server was down is unknown, not missed. Returns how many runs changed.';

CREATE OR REPLACE FUNCTION health_internal.sweep_jobs(p_now timestamptz)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    DELETE FROM health_internal.job_signals
    USING health_internal.engine
    WHERE job_signals.received_at < p_now - interval '1 hour'
        AND pg_visible_in_snapshot(job_signals.txid, engine.folded_until);
    DELETE FROM health.job_runs
    WHERE coalesce(job_runs.finished_at, job_runs.missed_at, job_runs.expected_at)
        < p_now - interval '90 days'
        AND job_runs.outcome NOT IN ('running', 'overdue')
        AND NOT EXISTS (
            SELECT FROM health.job_expectations AS jobs
            WHERE jobs.missed_run_id = job_runs.job_run_id
        );
$$;
COMMENT ON FUNCTION health_internal.sweep_jobs(timestamptz) IS
'Removes signals that every tick has read, and runs that ended more than 90 days ago.';

COMMIT;
