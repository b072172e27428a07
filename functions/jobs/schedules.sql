-- When a job should run: its schedule, and the runs that this expects. Entry points: health.set_schedule for
-- people and agents, configure_jobs for the tick.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.set_schedule(
    p_agent_id text,
    p_schedule text,
    p_time_zone text DEFAULT 'UTC',
    p_grace interval DEFAULT '5 minutes',
    p_max_run_time interval DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    UPDATE health.agents
    SET
        schedule = p_schedule,
        time_zone = p_time_zone,
        grace = p_grace,
        max_run_time = p_max_run_time,
        expected_interval = CASE WHEN p_schedule IS NULL THEN agents.expected_interval END,
        updated_at = clock_timestamp()
    WHERE agents.agent_id = p_agent_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'agent "%" is not registered', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'Call health.register_agent first.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health.set_schedule(text, text, text, interval, interval) IS
'Expects a job''s runs at the times of a cron expression of five fields (or @hourly, @daily, @weekly, '
'@monthly, @yearly) read in a time zone, from the next tick on, in place of an interval; NULL: at none. '
'p_grace: how long a run may be late before it is missed. p_max_run_time: how long it may take. Raises '
'AG001 for an unregistered agent, JB001 for a schedule that is not understood, JB002 for an unknown time '
'zone.';
GRANT EXECUTE ON FUNCTION health.set_schedule(text, text, text, interval, interval)
TO health_agent, health_admin;

CREATE OR REPLACE FUNCTION health_internal.run_counts_from(
    p_previous_at timestamptz,
    p_expected_at timestamptz
)
RETURNS timestamptz
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN p_expected_at - least(interval '1 minute', (p_expected_at - p_previous_at) / 2);
COMMENT ON FUNCTION health_internal.run_counts_from(timestamptz, timestamptz) IS
'From when on a run answers a scheduled time. Clocks differ: a minute early, or half the time since the '
'scheduled time before.';

CREATE OR REPLACE FUNCTION health_internal.expect_run(
    p_schedule text,
    p_time_zone text,
    p_after timestamptz,
    p_is_run boolean,
    OUT answered_at timestamptz,
    OUT expected_at timestamptz,
    OUT counts_from timestamptz,
    OUT following_at timestamptz,
    OUT problem text,
    OUT plan health_internal.schedule_plan
)
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    plan := health_internal.parse_schedule(p_schedule);
    answered_at := health_internal.find_run(plan, p_time_zone, p_after, -1);
    expected_at := health_internal.find_run(plan, p_time_zone, p_after, 1);
    counts_from := health_internal.run_counts_from(answered_at, expected_at);
    IF p_is_run AND p_after >= counts_from THEN
        answered_at := expected_at;
        expected_at := health_internal.find_run(plan, p_time_zone, answered_at, 1);
        counts_from := health_internal.run_counts_from(answered_at, expected_at);
    END IF;
    following_at := health_internal.find_run(plan, p_time_zone, expected_at, 1);
EXCEPTION
    -- One job's schedule must not stop the tick for all: a server may forget a time zone.
    WHEN OTHERS THEN
        answered_at := NULL;
        expected_at := NULL;
        counts_from := NULL;
        following_at := NULL;
        plan := NULL;
        problem := SQLERRM;
END;
$$;
COMMENT ON FUNCTION health_internal.expect_run(text, text, timestamptz, boolean) IS
'What a schedule expects after a moment: answered_at, the scheduled time that a run beginning then '
'answers (p_is_run: a minute''s earliness allowed), expected_at, the next one, counts_from, from when on a '
'run answers that, following_at, the one after it, and plan, the parsed schedule. problem: why the schedule cannot be read; it raises nothing.';

CREATE OR REPLACE FUNCTION health_internal.configure_jobs(p_now timestamptz, p_agent_ids text [])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    v_jobs text [];
BEGIN
    v_jobs := ARRAY(
        SELECT agents.agent_id
        FROM health.agents
        WHERE agents.agent_id = ANY (p_agent_ids) AND agents.schedule IS NOT NULL
        UNION
        SELECT jobs.agent_id
        FROM health.job_expectations AS jobs
        WHERE jobs.agent_id = ANY (p_agent_ids)
    );
    IF v_jobs = '{}' THEN
        RETURN;
    END IF;
    DELETE FROM health.job_expectations AS jobs
    WHERE jobs.agent_id = ANY (v_jobs)
        AND NOT EXISTS (
            SELECT FROM health.agents
            WHERE agents.agent_id = jobs.agent_id
                AND (agents.schedule IS NOT NULL OR jobs.uses_signals)
        );
    INSERT INTO health.job_expectations AS jobs (
        agent_id, schedule, time_zone, grace, max_run_time, counts_from, previous_at, expected_at,
        following_at, late_at, missed_at, check_at, schedule_problem, plan, missed_run_id
    )
    SELECT
        agents.agent_id,
        agents.schedule,
        agents.time_zone,
        agents.grace,
        agents.max_run_time,
        expected.counts_from,
        expected.previous_at,
        expected.expected_at,
        expected.following_at,
        expected.expected_at + agents.grace / 2,
        expected.expected_at + agents.grace,
        expected.expected_at + agents.grace / 2,
        expected.problem,
        expected.plan,
        -- What an old schedule missed is nobody's concern any more.
        CASE WHEN plans.is_same THEN known.missed_run_id END
    FROM health.agents
    LEFT JOIN health.job_expectations AS known ON agents.agent_id = known.agent_id
    CROSS JOIN LATERAL (
        SELECT
            (agents.schedule, agents.time_zone) = (known.schedule, known.time_zone) IS TRUE
            AS is_same
    ) AS plans
    LEFT JOIN LATERAL (
        SELECT
            known.previous_at, known.expected_at, known.following_at, known.counts_from,
            known.schedule_problem AS problem, known.plan
        WHERE plans.is_same
        UNION ALL
        SELECT
            planned.answered_at, planned.expected_at, planned.following_at, planned.counts_from,
            planned.problem, planned.plan
        FROM health_internal.expect_run(
            agents.schedule, agents.time_zone, p_now, false
        ) AS planned
        WHERE NOT plans.is_same AND agents.schedule IS NOT NULL
    ) AS expected ON true
    WHERE agents.agent_id = ANY (v_jobs)
        AND (agents.schedule IS NOT NULL OR known.agent_id IS NOT NULL)
    ON CONFLICT (agent_id) DO UPDATE SET
        schedule = excluded.schedule,
        time_zone = excluded.time_zone,
        grace = excluded.grace,
        max_run_time = excluded.max_run_time,
        counts_from = excluded.counts_from,
        previous_at = excluded.previous_at,
        expected_at = excluded.expected_at,
        following_at = excluded.following_at,
        late_at = excluded.late_at,
        missed_at = excluded.missed_at,
        check_at = excluded.check_at,
        schedule_problem = excluded.schedule_problem,
        plan = excluded.plan,
        missed_run_id = excluded.missed_run_id
    WHERE (jobs.schedule, jobs.time_zone, jobs.grace, jobs.max_run_time) IS DISTINCT FROM (
        excluded.schedule, excluded.time_zone, excluded.grace, excluded.max_run_time
    );
    UPDATE health.job_runs AS runs
    SET
        overdue_at = runs.started_at + jobs.max_run_time,
        outcome = CASE
            WHEN runs.started_at + jobs.max_run_time <= p_now THEN 'overdue' ELSE 'running'
        END
    FROM health.job_expectations AS jobs
    WHERE runs.agent_id = jobs.agent_id
        AND jobs.agent_id = ANY (v_jobs)
        AND runs.outcome IN ('running', 'overdue')
        AND runs.overdue_at IS DISTINCT FROM runs.started_at + jobs.max_run_time;
    PERFORM health_internal.refresh_jobs(p_now, v_jobs);
END;
$$;
COMMENT ON FUNCTION health_internal.configure_jobs(timestamptz, text []) IS
'Takes over the schedules of agents whose configuration changed; a new schedule expects its first run '
'after p_now.';

COMMIT;
