-- Jobs: agents that run on a schedule or tell of runs by the signals start, success, fail and log.
-- Signalled heartbeats are copied by a trigger into a small table of their own, so that a tick in which
-- a million ordinary beats arrived looks at none of them for signals.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health_internal.job_signals (
    agent_id text COLLATE "C" NOT NULL,
    run_id text COLLATE "C" NOT NULL,
    signal text COLLATE "C" NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attributes jsonb,
    txid xid8 NOT NULL DEFAULT pg_current_xact_id()
);

COMMENT ON TABLE health_internal.job_signals IS
'One row per heartbeat with a signal start, success, fail or log, copied as it is inserted; read by '
'snapshot like heartbeats, removed by housekeeping.';
COMMENT ON COLUMN health_internal.job_signals.agent_id IS 'Which job.';
COMMENT ON COLUMN health_internal.job_signals.run_id IS 'Which of its runs; empty: it names none.';
COMMENT ON COLUMN health_internal.job_signals.signal IS 'start, success, fail or log.';
COMMENT ON COLUMN health_internal.job_signals.received_at IS
'When the heartbeat came, by the database''s clock.';
COMMENT ON COLUMN health_internal.job_signals.attributes IS 'attributes of the heartbeat.';
COMMENT ON COLUMN health_internal.job_signals.txid IS 'Transaction that wrote the heartbeat.';

CREATE INDEX job_signals_txid_idx ON health_internal.job_signals (txid);
COMMENT ON INDEX health_internal.job_signals_txid_idx IS
'health_internal.fold_signals reads what became visible since its last snapshot.';

CREATE TABLE health.job_runs (
    job_run_id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id text COLLATE "C" NOT NULL,
    run_id text COLLATE "C" NOT NULL DEFAULT '',
    expected_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    outcome text NOT NULL,
    overdue_at timestamptz,
    missed_at timestamptz,
    last_signal_at timestamptz,
    log_count bigint NOT NULL DEFAULT 0,
    attributes jsonb,
    began_at timestamptz GENERATED ALWAYS AS (coalesce(started_at, finished_at)) STORED,
    duration_seconds double precision
    GENERATED ALWAYS AS (date_part('epoch', finished_at - started_at)) STORED,
    CONSTRAINT job_runs_pkey PRIMARY KEY (job_run_id),
    CONSTRAINT run_outcome_is_known
    CHECK (outcome IN ('running', 'overdue', 'success', 'fail', 'lost', 'missed', 'unknown')),
    CONSTRAINT run_ends_after_its_start
    CHECK (finished_at >= started_at)
);

COMMENT ON TABLE health.job_runs IS
'One row per run of a job, and per scheduled run that did not come; kept for 90 days.';
COMMENT ON COLUMN health.job_runs.job_run_id IS 'Number of the run.';
COMMENT ON COLUMN health.job_runs.agent_id IS 'Which job.';
COMMENT ON COLUMN health.job_runs.run_id IS 'Name the job gave the run; empty: none.';
COMMENT ON COLUMN health.job_runs.expected_at IS
'Scheduled time the run answers; NULL: the job has no schedule.';
COMMENT ON COLUMN health.job_runs.started_at IS
'When its start came; NULL: none came, only its end, or nothing.';
COMMENT ON COLUMN health.job_runs.finished_at IS
'When its end came, or when it was given up as lost; NULL: it has not ended.';
COMMENT ON COLUMN health.job_runs.outcome IS
'running; overdue (longer than max_run_time, not ended); success; fail; lost (its end never came: the '
'next run began, or nothing was heard of it for 7 days); missed (scheduled and not come); unknown '
'(scheduled while the server was down).';
COMMENT ON COLUMN health.job_runs.overdue_at IS
'When it takes or took too long: started_at and the job''s max_run_time.';
COMMENT ON COLUMN health.job_runs.missed_at IS
'When it was declared missed; a run that came late afterwards keeps it.';
COMMENT ON COLUMN health.job_runs.last_signal_at IS 'When it was last heard of.';
COMMENT ON COLUMN health.job_runs.log_count IS 'How many log signals it sent.';
COMMENT ON COLUMN health.job_runs.attributes IS 'attributes of the heartbeat that ended it.';
COMMENT ON COLUMN health.job_runs.began_at IS
'started_at, or finished_at where no start came; NULL: missed or unknown.';
COMMENT ON COLUMN health.job_runs.duration_seconds IS 'From start to end, seconds.';

CREATE INDEX job_runs_run_idx ON health.job_runs (agent_id, run_id, began_at);
COMMENT ON INDEX health.job_runs_run_idx IS
'health_internal.fold_signals looks for the latest run of a run_id.';

CREATE INDEX job_runs_finished_idx ON health.job_runs (agent_id, finished_at);
COMMENT ON INDEX health.job_runs_finished_idx IS
'health_internal.refresh_jobs looks for the last end; people read a job''s history.';

CREATE INDEX job_runs_open_idx ON health.job_runs (agent_id)
WHERE outcome IN ('running', 'overdue');
COMMENT ON INDEX health.job_runs_open_idx IS
'health_internal.refresh_jobs and watch_jobs read the runs that have not ended.';

CREATE INDEX job_runs_overdue_idx ON health.job_runs (overdue_at) WHERE outcome = 'running';
COMMENT ON INDEX health.job_runs_overdue_idx IS
'health_internal.watch_jobs looks for runs that take too long.';

CREATE TABLE health.job_expectations (
    agent_id text COLLATE "C" NOT NULL,
    schedule text,
    time_zone text NOT NULL DEFAULT 'UTC',
    grace interval NOT NULL DEFAULT '0 seconds',
    max_run_time interval,
    uses_signals boolean NOT NULL DEFAULT false,
    counts_from timestamptz,
    previous_at timestamptz,
    expected_at timestamptz,
    following_at timestamptz,
    late_at timestamptz,
    missed_at timestamptz,
    check_at timestamptz,
    missed_run_id bigint,
    last_run_at timestamptz,
    last_outcome text,
    last_outcome_at timestamptz,
    last_success_at timestamptz,
    open_run_count integer NOT NULL DEFAULT 0,
    is_overdue boolean NOT NULL DEFAULT false,
    schedule_problem text,
    plan health_internal.schedule_plan,
    CONSTRAINT job_expectations_pkey PRIMARY KEY (agent_id),
    CONSTRAINT last_outcome_is_success_or_fail
    CHECK (last_outcome IN ('success', 'fail'))
);

COMMENT ON TABLE health.job_expectations IS
'One row per job, an agent that has a schedule or has signalled a run: what is expected of it next, and '
'how it is. Written by the tick alone, when a run began or ended, a deadline passed or the '
'configuration changed.';
COMMENT ON COLUMN health.job_expectations.agent_id IS 'Which job.';
COMMENT ON COLUMN health.job_expectations.schedule IS 'As in agents; NULL: it has none.';
COMMENT ON COLUMN health.job_expectations.time_zone IS 'As in agents.';
COMMENT ON COLUMN health.job_expectations.grace IS 'As in agents.';
COMMENT ON COLUMN health.job_expectations.max_run_time IS 'As in agents.';
COMMENT ON COLUMN health.job_expectations.uses_signals IS
'Whether it has ever signalled a run; until then any heartbeat answers a scheduled time.';
COMMENT ON COLUMN health.job_expectations.counts_from IS
'From when on a run answers expected_at: a minute before it, or half the time between two runs.';
COMMENT ON COLUMN health.job_expectations.expected_at IS
'Next scheduled time that no run has answered; NULL: without a schedule.';
COMMENT ON COLUMN health.job_expectations.previous_at IS 'The scheduled time before it.';
COMMENT ON COLUMN health.job_expectations.following_at IS 'The scheduled time after it.';
COMMENT ON COLUMN health.job_expectations.late_at IS
'When it is late: half the grace after expected_at.';
COMMENT ON COLUMN health.job_expectations.missed_at IS
'When the run is missed: the grace after expected_at.';
COMMENT ON COLUMN health.job_expectations.check_at IS 'When the tick looks at it next.';
COMMENT ON COLUMN health.job_expectations.missed_run_id IS
'Row of job_runs that is missed and not made good; NULL: none.';
COMMENT ON COLUMN health.job_expectations.last_run_at IS 'When its newest run began.';
COMMENT ON COLUMN health.job_expectations.last_outcome IS
'How its last ended run ended: success or fail.';
COMMENT ON COLUMN health.job_expectations.last_outcome_at IS 'When.';
COMMENT ON COLUMN health.job_expectations.last_success_at IS 'When a run last succeeded.';
COMMENT ON COLUMN health.job_expectations.open_run_count IS 'Runs that have not ended.';
COMMENT ON COLUMN health.job_expectations.is_overdue IS
'Whether one of them takes longer than max_run_time.';
COMMENT ON COLUMN health.job_expectations.schedule_problem IS
'Why its schedule cannot be read any more, such as a time zone the server no longer knows.';

COMMENT ON COLUMN health.job_expectations.plan IS
'The schedule, parsed once; NULL: it has none, or cannot be read.';

CREATE INDEX job_expectations_check_at_idx ON health.job_expectations (check_at);
COMMENT ON INDEX health.job_expectations_check_at_idx IS
'health_internal.watch_jobs looks for deadlines that passed.';

CREATE INDEX job_expectations_missed_idx ON health.job_expectations (agent_id)
WHERE missed_run_id IS NOT NULL AND NOT uses_signals;
COMMENT ON INDEX health.job_expectations_missed_idx IS
'health_internal.watch_jobs looks whether a plain heartbeat has made good what was missed.';

GRANT SELECT ON health.job_runs, health.job_expectations TO health_analyst, health_bridge;

COMMIT;
