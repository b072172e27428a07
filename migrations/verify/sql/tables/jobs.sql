BEGIN;

SELECT
    agent_id,
    run_id,
    signal,
    received_at,
    attributes,
    txid
FROM health_internal.job_signals
WHERE false;

SELECT
    job_run_id,
    agent_id,
    run_id,
    expected_at,
    started_at,
    finished_at,
    outcome,
    overdue_at,
    missed_at,
    last_signal_at,
    log_count,
    attributes,
    began_at,
    duration_seconds
FROM health.job_runs
WHERE false;

SELECT
    agent_id,
    schedule,
    time_zone,
    grace,
    max_run_time,
    uses_signals,
    counts_from,
    expected_at,
    previous_at,
    following_at,
    late_at,
    missed_at,
    check_at,
    missed_run_id,
    last_run_at,
    last_outcome,
    last_outcome_at,
    last_success_at,
    open_run_count,
    is_overdue,
    schedule_problem,
    plan
FROM health.job_expectations
WHERE false;

ROLLBACK;
