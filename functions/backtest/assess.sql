-- What agent_status would say under another policy: the judgement's own assessment of the running
-- state it left.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.assess_under(
    p_policy health.policies,
    p_now timestamptz
)
RETURNS TABLE (
    agent_id text,
    judged_at timestamptz,
    liveness text,
    state text,
    ungated_score double precision,
    gate double precision,
    score double precision,
    status text,
    issue_candidate text,
    revenue_impact_usd double precision,
    live_score double precision,
    live_status text
)
LANGUAGE plpgsql
STABLE
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
DECLARE
    v_turn health_internal.turn;
BEGIN
    SELECT
        settings.heartbeat_memory_seconds,
        settings.metric_memory_seconds,
        settings.baseline_memory_seconds
    INTO STRICT v_turn.fast_seconds, v_turn.slow_seconds, v_turn.base_seconds
    FROM health.settings;
    v_turn.now := p_now;
    v_turn.tick_id := -1;
    v_turn.whom := 'everybody';
    v_turn.beats := '{}';
    v_turn.is_most := true;
    v_turn.blindness := health_internal.recent_blindness();
    RETURN QUERY
    SELECT
        assessed.agent_id,
        known.judged_at,
        assessed.liveness,
        assessed.state,
        assessed.ungated_score,
        assessed.gate,
        least(assessed.ungated_score, assessed.gate),
        health.classify_status(
            least(assessed.ungated_score, assessed.gate), p_policy.excellent_from,
            p_policy.good_from, p_policy.fair_from, p_policy.poor_from
        ),
        assessed.new_issue_candidate,
        assessed.revenue_impact_usd,
        known.score,
        known.status
    FROM health_internal.assess_agents(v_turn, p_policy) AS assessed
    INNER JOIN health.agent_status AS known ON assessed.agent_id = known.agent_id;
END;
$$;
COMMENT ON FUNCTION health_internal.assess_under(health.policies, timestamptz) IS
'What the agents of a policy''s class would be judged at p_now under it, from the running state of their '
'last heartbeat, beside what is in force. Reads; writes nothing. Deadlines are learnt at once, where the '
'judgement learns them by turns.';

COMMIT;
