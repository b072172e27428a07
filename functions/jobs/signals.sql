-- Which runs of jobs the signals that arrived tell of.
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
    WHERE health_internal.is_arrived(arrived.txid, arrived.cmin, p_range)
$$;
COMMENT ON FUNCTION health_internal.arrived_signals(health_internal.arrival_range) IS
'Signals of jobs to fold. Inlined.';

CREATE OR REPLACE FUNCTION health_internal.recent_signals(
    p_now timestamptz,
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
    SELECT arrived.*
    FROM health_internal.arrived_signals(p_range) AS arrived
    CROSS JOIN health.settings
    WHERE arrived.received_at >= p_now - settings.history_after
        AND (
            settings.unknown_agents = 'register'
            OR EXISTS (SELECT FROM health.agents WHERE agents.agent_id = arrived.agent_id)
        )
$$;
COMMENT ON FUNCTION health_internal.recent_signals(timestamptz, health_internal.arrival_range) IS
'Those of them that tell of now, and not of a stranger who is refused. Inlined.';

CREATE OR REPLACE FUNCTION health_internal.told_runs(
    p_now timestamptz,
    p_range health_internal.arrival_range
)
RETURNS TABLE (
    agent_id text,
    run_id text,
    job_run_id bigint,
    started_at timestamptz,
    attributes jsonb,
    last_signal_at timestamptz,
    began_at timestamptz,
    finished_at timestamptz,
    outcome text
)
LANGUAGE sql
STABLE
AS $$
    WITH signals AS MATERIALIZED (
        SELECT recent.*
        FROM health_internal.recent_signals(p_now, p_range) AS recent
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

    -- A further run begins with a start, unless it has started (a run_id that is told twice), and with an end
    -- that no start came before, unless it says again within a minute what the last end said.
    numbered AS (
        SELECT
            followed.*,
            count(*) FILTER (WHERE CASE
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
    )

    -- Where runs are not named, the next start ends what had not ended.
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
$$;
COMMENT ON FUNCTION health_internal.told_runs(timestamptz, health_internal.arrival_range) IS
'The runs that recent signals tell of, with those known before (job_run_id). Signals are paired by run_id in '
'order of received_at, whatever the order of arrival; without run_id an end belongs to the start before it, and '
'a further start ends a run as lost. An end without a start is a run of its own until its start arrives.';

COMMIT;
