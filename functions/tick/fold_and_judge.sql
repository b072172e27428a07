-- Which heartbeats are folded how, and who is judged: those who beat and those whose time has come.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.few_arrived(
    p_range health_internal.arrival_range,
    p_limit integer
)
RETURNS health_internal.beat []
LANGUAGE plpgsql
STABLE

-- One plan for every tick; it must not be one that reads a whole partition.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
AS $$
BEGIN
    RETURN ARRAY(
        SELECT ROW(arrived.*)::health_internal.beat
        FROM health_internal.arrived_heartbeats(p_range) AS arrived
        LIMIT p_limit
    );
END;
$$;
COMMENT ON FUNCTION health_internal.few_arrived(health_internal.arrival_range, integer) IS
'The heartbeats that arrived, at most p_limit.';

CREATE OR REPLACE FUNCTION health_internal.count_arrived(
    p_range health_internal.arrival_range,
    OUT beat_count bigint,
    OUT several bigint []
)
LANGUAGE plpgsql
STABLE
SET plan_cache_mode = force_custom_plan
SET work_mem = '256MB'
SET jit = off
AS $$
DECLARE
    v_agent_count bigint;
BEGIN
    SELECT
        count(*),
        count(DISTINCT hashtextextended(arrived.agent_id, 0))
    INTO beat_count, v_agent_count
    FROM health_internal.arrived_heartbeats(p_range) AS arrived;
    several := '{}';
    IF v_agent_count < beat_count THEN
        several := ARRAY(
            SELECT hashtextextended(arrived.agent_id, 0)
            FROM health_internal.arrived_heartbeats(p_range) AS arrived
            GROUP BY hashtextextended(arrived.agent_id, 0)
            HAVING count(*) > 1
        );
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.count_arrived(health_internal.arrival_range) IS
'How many heartbeats arrived, and hashes of the ids of the agents that have several. (To sort hashes is '
'cheaper than to group rows, and groups are rarely needed. Two agents of one hash are folded one by '
'one: as well, and slower.)';

CREATE OR REPLACE FUNCTION health_internal.look_for_due()
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    UPDATE health_internal.engine SET due_from = '-infinity' WHERE engine.due_from > '-infinity';
$$;
COMMENT ON FUNCTION health_internal.look_for_due() IS
'Has the next look for those who are due read all of agent_status: to be called in a tick by whatever sets '
'next_due_at outside of fold_and_judge.';

CREATE OR REPLACE FUNCTION health_internal.fold_and_judge(
    p_now timestamptz,
    p_tick_id bigint,
    p_range health_internal.arrival_range,
    p_is_replay boolean,
    OUT folded_beats bigint,
    OUT judged_agents bigint,
    OUT unknown_agents bigint
)
LANGUAGE plpgsql
VOLATILE
SET jit = off
AS $$
DECLARE
    v_few constant integer := 1000;
    v_turn health_internal.turn;
    v_beats health_internal.beat [] := health_internal.few_arrived(p_range, v_few + 1);
    v_is_many boolean := cardinality(v_beats) > v_few;
    v_folded bigint := 0;
    v_agent_count constant double precision := (
        SELECT pg_class.reltuples
        FROM pg_class
        WHERE pg_class.oid = 'health.agent_status'::regclass
    );
    v_most constant bigint := greatest(v_few, 0.2 * v_agent_count);
    v_due health_internal.beat [];
    v_due_from timestamptz;
    v_beating text [];
    v_is_known boolean;
    v_can_know boolean;
    v_policy health.policies;
BEGIN
    judged_agents := 0;
    unknown_agents := 0;
    SELECT
        settings.heartbeat_memory_seconds,
        settings.metric_memory_seconds,
        settings.baseline_memory_seconds
    INTO STRICT v_turn.fast_seconds, v_turn.slow_seconds, v_turn.base_seconds
    FROM health.settings;
    v_turn.now := p_now;
    v_turn.tick_id := p_tick_id;
    v_turn.arrivals := p_range;
    v_turn.blindness := health_internal.recent_blindness();
    IF v_is_many THEN
        v_beats := '{}';
        v_turn.whom := 'arrived';
        v_turn.beats := '{}';
        SELECT arrived.beat_count, arrived.several
        INTO folded_beats, v_turn.several
        FROM health_internal.count_arrived(p_range) AS arrived;
    ELSE
        folded_beats := cardinality(v_beats);
        v_turn.whom := 'listed';
        v_turn.beats := ARRAY(
            SELECT (array_agg(few))[1]
            FROM unnest(v_beats) AS few
            GROUP BY few.agent_id
            HAVING count(*) = 1
        );
    END IF;
    v_turn.is_most := folded_beats > v_most;
    IF folded_beats > 0 THEN
        -- Class by class, so that a policy is constants in a plan and not columns of every row.
        FOR v_policy IN
            SELECT in_force.*
            FROM health.current_policies AS in_force
        LOOP
            judged_agents := judged_agents + health_internal.judge_agents(v_turn, v_policy);
        END LOOP;
        -- Fewer than arrived: some are several of an agent, or out of the ordinary, or of strangers.
        IF judged_agents < folded_beats THEN
            v_folded := health_internal.fold_unusual_beats(
                p_tick_id, v_beats, v_is_many, p_range, (v_turn.blindness).settled_at
            );
        END IF;
        IF judged_agents + v_folded < folded_beats THEN
            unknown_agents := health_internal.register_unknown(v_beats, v_is_many, p_range);
            PERFORM health_internal.fold_unusual_beats(
                p_tick_id, v_beats, v_is_many, p_range, (v_turn.blindness).settled_at
            );
        END IF;
    END IF;

    IF (v_turn.blindness).settled_at > p_now AND NOT p_is_replay AND NOT EXISTS (
        SELECT FROM unnest(v_beats) AS few
        WHERE few.agent_id <> 'heartbeat_health_agent' AND NOT starts_with(few.agent_id, 'bridge:')
    ) AND NOT v_is_many THEN
        PERFORM health_internal.await_ingest(p_now);
        v_turn.blindness := health_internal.recent_blindness();
    END IF;

    -- The due: one scan of agent_status, whose first column says who is. Until the earliest of them
    -- only those who beat in this tick can be, provided that they are few. (Every eighth tick looks
    -- all the same: a silence must not hang on whoever wrote next_due_at having said so.)
    SELECT engine.due_from INTO STRICT v_due_from FROM health_internal.engine;
    v_can_know := NOT v_is_many;
    v_is_known := v_can_know AND v_due_from > p_now;
    v_beating := ARRAY(SELECT few.agent_id FROM unnest(v_beats) AS few);
    v_due := ARRAY(
        SELECT ROW(
            status.agent_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL
        )::health_internal.beat
        FROM health.agent_status AS status
        WHERE status.next_due_at <= p_now AND status.judged_tick_id <> p_tick_id
            AND (NOT v_is_known OR p_tick_id % 8 = 0)
        UNION ALL
        SELECT ROW(
            status.agent_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL
        )::health_internal.beat
        FROM health.agent_status AS status
        WHERE status.agent_id = ANY (v_beating)
            AND status.next_due_at <= p_now AND status.judged_tick_id <> p_tick_id
            AND v_is_known AND p_tick_id % 8 <> 0
        LIMIT v_few + 1
    );
    IF v_due <> '{}' THEN
        v_is_many := cardinality(v_due) > v_few;
        -- Silence may be the monitor's fault. (To ask costs a scan. One of a fleet that beats at all
        -- times of its interval shows as a few due per tick: of a thousand one, at 1,600 bytes each.)
        IF NOT p_is_replay
            AND cardinality(v_due) >= least(v_few, greatest(
                1, pg_relation_size('health.agent_status') / 1600000
            )) THEN
            IF health_internal.notice_fleet_silence(p_now) THEN
                v_turn.blindness := health_internal.recent_blindness();
            END IF;
        END IF;
        v_turn.whom := CASE WHEN v_is_many THEN 'due' ELSE 'listed' END;
        v_turn.beats := CASE WHEN v_is_many THEN '{}' ELSE v_due END;
        v_turn.is_most := false;
        FOR v_policy IN
            SELECT in_force.*
            FROM health.current_policies AS in_force
        LOOP
            judged_agents := judged_agents + health_internal.judge_agents(v_turn, v_policy);
        END LOOP;
    END IF;
    -- From when on the next look is needed. Where thousands beat in each tick it always is.
    v_due_from := CASE
        WHEN v_is_many OR NOT v_can_know THEN '-infinity'
        WHEN v_is_known THEN least(
            v_due_from,
            (
                SELECT min(status.next_due_at)
                FROM health.agent_status AS status
                WHERE status.agent_id = ANY (v_beating || ARRAY(
                    SELECT due.agent_id FROM unnest(v_due) AS due
                ))
            )
        )
        ELSE coalesce((SELECT min(status.next_due_at) FROM health.agent_status AS status), 'infinity')
    END;
    UPDATE health_internal.engine
    SET due_from = v_due_from
    WHERE engine.due_from IS DISTINCT FROM v_due_from;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_and_judge(
    timestamptz, bigint, health_internal.arrival_range, boolean
) IS
'Folds the heartbeats that arrived and judges their agents and those whose next_due_at has come, each '
'once. Returns how many beats arrived, agents were judged and agents were new.';

COMMIT;
