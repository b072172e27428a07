-- How a job is: what its last runs came to, what is found about it, and what the judgement reads of that.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.refresh_jobs(p_now timestamptz, p_agent_ids text [])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    UPDATE health.job_expectations AS jobs
    SET
        last_outcome = ended.outcome,
        last_outcome_at = ended.finished_at,
        last_success_at = succeeded.finished_at,
        open_run_count = opened.run_count,
        is_overdue = opened.is_overdue
    FROM unnest(p_agent_ids) AS touched (agent_id)
    LEFT JOIN LATERAL (
        SELECT runs.outcome, runs.finished_at
        FROM health.job_runs AS runs
        WHERE runs.agent_id = touched.agent_id AND runs.outcome IN ('success', 'fail')
        ORDER BY runs.finished_at DESC, runs.job_run_id DESC
        LIMIT 1
    ) AS ended ON true
    LEFT JOIN LATERAL (
        SELECT runs.finished_at
        FROM health.job_runs AS runs
        WHERE runs.agent_id = touched.agent_id AND runs.outcome = 'success'
        ORDER BY runs.finished_at DESC
        LIMIT 1
    ) AS succeeded ON true
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS run_count,
            coalesce(bool_or(runs.outcome = 'overdue'), false) AS is_overdue
        FROM health.job_runs AS runs
        WHERE runs.agent_id = touched.agent_id AND runs.outcome IN ('running', 'overdue')
    ) AS opened
    WHERE jobs.agent_id = touched.agent_id;

    WITH wanted AS MATERIALIZED (
        SELECT
            jobs.agent_id,
            rules.rule,
            rules.severity,
            left(found.summary, 500) AS summary,
            jsonb_strip_nulls(found.details) AS details
        FROM health.job_expectations AS jobs
        LEFT JOIN health.job_runs AS missed ON jobs.missed_run_id = missed.job_run_id
        LEFT JOIN LATERAL (
            SELECT runs.run_id, runs.started_at, runs.overdue_at
            FROM health.job_runs AS runs
            WHERE runs.agent_id = jobs.agent_id AND runs.outcome = 'overdue'
            ORDER BY runs.started_at
            LIMIT 1
        ) AS overdue ON jobs.is_overdue
        LEFT JOIN LATERAL (
            SELECT runs.run_id, runs.started_at, runs.finished_at, runs.attributes
            FROM health.job_runs AS runs
            WHERE runs.agent_id = jobs.agent_id AND runs.outcome = 'fail'
            ORDER BY runs.finished_at DESC, runs.job_run_id DESC
            LIMIT 1
        ) AS failed ON jobs.last_outcome = 'fail'
        CROSS JOIN LATERAL (
            VALUES
            (
                'job_missed',
                jobs.missed_run_id IS NOT NULL,
                'its run expected at ' || to_char(
                    missed.expected_at AT TIME ZONE jobs.time_zone, 'YYYY-MM-DD HH24:MI'
                ) || ' ' || jobs.time_zone || ' did not come',
                jsonb_build_object(
                    'expected_at', missed.expected_at, 'schedule', jobs.schedule,
                    'time_zone', jobs.time_zone, 'grace_seconds', date_part('epoch', jobs.grace),
                    'last_run_at', jobs.last_run_at
                )
            ),
            (
                'job_overdue',
                jobs.is_overdue,
                'its run of ' || to_char(
                    overdue.started_at AT TIME ZONE jobs.time_zone, 'YYYY-MM-DD HH24:MI'
                ) || ' ' || jobs.time_zone || ' takes longer than '
                || (overdue.overdue_at - overdue.started_at),
                jsonb_build_object(
                    'run_id', nullif(overdue.run_id, ''), 'started_at', overdue.started_at,
                    'max_run_time_seconds',
                    date_part('epoch', overdue.overdue_at - overdue.started_at),
                    'open_run_count', jobs.open_run_count
                )
            ),
            (
                'job_failed',
                jobs.last_outcome = 'fail',
                'its last run failed',
                jsonb_build_object(
                    'run_id', nullif(failed.run_id, ''), 'started_at', failed.started_at,
                    'finished_at', failed.finished_at, 'attributes', failed.attributes,
                    'last_success_at', jobs.last_success_at
                )
            ),
            (
                'schedule_unreadable',
                jobs.schedule_problem IS NOT NULL,
                'its schedule cannot be read: ' || jobs.schedule_problem,
                jsonb_build_object('schedule', jobs.schedule, 'time_zone', jobs.time_zone)
            )
        ) AS found (rule, holds, summary, details)
        INNER JOIN health.alert_rules AS rules ON found.rule = rules.rule
        WHERE jobs.agent_id = ANY (p_agent_ids) AND found.holds
    ),

    gone AS (
        DELETE FROM health.rule_findings AS findings
        WHERE findings.agent_id = ANY (p_agent_ids)
            AND findings.rule IN ('job_missed', 'job_overdue', 'job_failed', 'schedule_unreadable')
            AND NOT EXISTS (
                SELECT FROM wanted
                WHERE wanted.agent_id = findings.agent_id AND wanted.rule = findings.rule
            )
    )

    INSERT INTO health.rule_findings AS findings (
        rule, agent_id, severity, summary, details, found_at, changed_at
    )
    SELECT
        wanted.rule, wanted.agent_id, wanted.severity, wanted.summary, wanted.details, p_now, p_now
    FROM wanted
    ON CONFLICT (rule, agent_id) DO UPDATE SET
        severity = excluded.severity,
        summary = excluded.summary,
        details = excluded.details,
        changed_at = excluded.changed_at
    WHERE (findings.severity, findings.summary, findings.details)
        IS DISTINCT FROM (excluded.severity, excluded.summary, excluded.details);

    -- The next tick judges them by their runs.
    UPDATE health.agent_status AS status
    SET next_due_at = p_now
    FROM health.job_expectations AS jobs
    WHERE jobs.agent_id = ANY (p_agent_ids)
        AND jobs.schedule IS NOT NULL
        AND status.agent_id = jobs.agent_id
        AND status.last_heartbeat_at IS NOT NULL;
    IF FOUND THEN
        PERFORM health_internal.look_for_due();
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.refresh_jobs(timestamptz, text []) IS
'Makes job_expectations and the findings job_missed, job_overdue, job_failed and schedule_unreadable of '
'these jobs agree with job_runs, and has those on a schedule judged anew.';

CREATE OR REPLACE FUNCTION health_internal.job_standing(p_agent_id text)
RETURNS text
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        CASE
            WHEN jobs.missed_run_id IS NOT NULL THEN 'missed'
            WHEN jobs.is_overdue THEN 'overdue'
            WHEN jobs.last_outcome = 'fail' THEN 'failed'
        END
    FROM health.job_expectations AS jobs
    WHERE jobs.agent_id = p_agent_id;
END;
COMMENT ON FUNCTION health_internal.job_standing(text) IS
'What is wrong with a job on a schedule: missed, overdue, failed or NULL. The judgement reads it in '
'place of the deadlines of silence.';

COMMIT;
