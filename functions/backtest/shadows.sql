-- Shadow policies: what the agents would be judged under another policy, looked at each minute, recorded and
-- nothing else.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.judge_shadow(
    p_shadow_policy_id bigint,
    p_policy health.policies,
    p_now timestamptz
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET jit = off
AS $$
DECLARE
    v_count bigint;
BEGIN
    WITH assessed AS MATERIALIZED (
        SELECT
            found.*,
            before.agent_id IS NOT NULL AS is_known,
            before.liveness AS old_liveness,
            before.status AS old_status,
            before.issue_type AS old_issue_type,
            coalesce(before.active_conditions, '{}') AS old_conditions,
            coalesce(before.bad_evaluations, 0) AS old_evaluations,
            before.issue_candidate AS old_candidate,
            coalesce(before.issue_evaluations, 0) AS old_issue_evaluations,
            health_internal.moved_loss_evaluations(
                coalesce(before.loss_evaluations, 0), found.revenue_impact_usd, found.liveness,
                coalesce(before.active_conditions, '{}'), p_policy
            ) AS new_loss_evaluations,
            -- Time alone, without a new judgement, counts no evaluation unless it changes what is seen.
            before.seen_judged_at IS DISTINCT FROM found.judged_at
            OR before.liveness IS DISTINCT FROM found.liveness AS is_evaluation
        FROM health_internal.assess_under(p_policy, p_now) AS found
        LEFT JOIN health_internal.shadow_states AS before
            ON before.shadow_policy_id = p_shadow_policy_id AND found.agent_id = before.agent_id
        WHERE found.agent_id <> 'heartbeat_health_agent'
    ),

    judged AS MATERIALIZED (
        SELECT
            assessed.*,
            CASE
                WHEN assessed.liveness = 'stopped' THEN '{}'::text []
                ELSE health_internal.holding_conditions(
                    assessed.liveness, assessed.state, assessed.ungated_score, assessed.gate,
                    assessed.old_evaluations, assessed.issue_candidate, assessed.old_candidate,
                    assessed.old_issue_evaluations, assessed.old_issue_type, assessed.old_conditions,
                    assessed.new_loss_evaluations, p_policy
                )
            END AS new_conditions,
            CASE
                WHEN assessed.issue_candidate IS NULL THEN NULL
                WHEN assessed.liveness = 'unresponsive' OR assessed.state IN ('error', 'failed')
                    OR assessed.old_issue_type = assessed.issue_candidate
                    OR health_internal.is_confirmed(
                        assessed.issue_candidate, assessed.old_candidate,
                        assessed.old_issue_evaluations, p_policy.confirm_bad
                    )
                    THEN assessed.issue_candidate
            END AS new_issue_type,
            (
                (assessed.old_evaluations << 1)
                | CASE WHEN assessed.score < p_policy.critical_below THEN 1 ELSE 0 END
            ) & 2097151 AS new_evaluations,
            CASE
                WHEN assessed.issue_candidate IS NULL THEN 0
                WHEN assessed.issue_candidate = assessed.old_candidate
                    THEN least(1000, assessed.old_issue_evaluations + 1)
                ELSE 1
            END AS new_issue_evaluations
        FROM assessed
        WHERE assessed.is_evaluation
    ),

    kept AS (
        INSERT INTO health_internal.shadow_states AS states (
            shadow_policy_id, agent_id, evaluated_at, seen_judged_at, liveness, status, score,
            ungated_score, bad_evaluations, issue_candidate, issue_evaluations, issue_type,
            active_conditions, loss_evaluations
        )
        SELECT
            p_shadow_policy_id, judged.agent_id, p_now, judged.judged_at, judged.liveness,
            judged.status, judged.score, judged.ungated_score, judged.new_evaluations,
            judged.issue_candidate, judged.new_issue_evaluations, judged.new_issue_type,
            judged.new_conditions, judged.new_loss_evaluations
        FROM judged
        ON CONFLICT (shadow_policy_id, agent_id) DO UPDATE SET
            evaluated_at = excluded.evaluated_at,
            seen_judged_at = excluded.seen_judged_at,
            liveness = excluded.liveness,
            status = excluded.status,
            score = excluded.score,
            ungated_score = excluded.ungated_score,
            bad_evaluations = excluded.bad_evaluations,
            issue_candidate = excluded.issue_candidate,
            issue_evaluations = excluded.issue_evaluations,
            issue_type = excluded.issue_type,
            active_conditions = excluded.active_conditions,
            loss_evaluations = excluded.loss_evaluations
    ),

    said AS (
        -- Its first look is where it begins, not a change.
        SELECT judged.*, 'transition' AS kind, NULL AS rule
        FROM judged
        WHERE judged.is_known
            AND (judged.old_status, judged.old_liveness) IS DISTINCT FROM (judged.status, judged.liveness)
        UNION ALL
        SELECT judged.*, 'alert_opened', opened.rule
        FROM judged
        CROSS JOIN LATERAL unnest(judged.new_conditions) AS opened (rule)
        WHERE NOT opened.rule = ANY (judged.old_conditions)
        UNION ALL
        SELECT judged.*, 'alert_closed', closed.rule
        FROM judged
        CROSS JOIN LATERAL unnest(judged.old_conditions) AS closed (rule)
        WHERE NOT closed.rule = ANY (judged.new_conditions)
        UNION ALL
        SELECT judged.*, 'recovery', NULL
        FROM judged
        WHERE judged.new_issue_type IS NOT NULL
            AND judged.new_issue_type IS DISTINCT FROM judged.old_issue_type
            AND p_policy.is_recovery_enabled
    ),

    recorded AS (
        INSERT INTO health.shadow_judgements (
            shadow_policy_id, agent_id, occurred_at, kind, rule, old_status, new_status,
            old_liveness, new_liveness, issue_type, score, live_score, live_status
        )
        SELECT
            p_shadow_policy_id, said.agent_id, p_now, said.kind, said.rule, said.old_status,
            said.status, said.old_liveness, said.liveness, said.new_issue_type, said.score,
            said.live_score, said.live_status
        FROM said
    )

    SELECT count(*)
    INTO v_count
    FROM judged;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.judge_shadow(bigint, health.policies, timestamptz) IS
'One look of a shadow policy at the agents of one class: what it would have done is recorded in '
'shadow_judgements. An agent is evaluated when it was judged since the last look, or when its liveness under '
'the shadow changes. Returns how many evaluations.';

CREATE OR REPLACE FUNCTION health_internal.judge_shadows(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_shadow record;
    v_count bigint := 0;
BEGIN
    -- Shadow by shadow and class by class: a policy is constants in a plan.
    FOR v_shadow IN
        SELECT
            shadows.shadow_policy_id,
            health_internal.changed_policy(ROW(live.*)::health.policies, shadows.policy) AS policy
        FROM health.shadow_policies AS shadows
        CROSS JOIN health.current_policies AS live
        WHERE shadows.ended_at IS NULL
    LOOP
        v_count := v_count + health_internal.judge_shadow(
            v_shadow.shadow_policy_id, v_shadow.policy, p_now
        );
    END LOOP;
    DELETE FROM health.shadow_judgements
    WHERE shadow_judgements.occurred_at < p_now - interval '90 days';
    DELETE FROM health_internal.shadow_states AS states
    USING health.shadow_policies AS shadows
    WHERE states.shadow_policy_id = shadows.shadow_policy_id AND shadows.ended_at IS NOT NULL;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.judge_shadows(timestamptz) IS
'Part of run_foresight: every shadow policy at work looks at all agents. Returns how many evaluations.';

CREATE OR REPLACE FUNCTION health.add_shadow_policy(
    p_name text,
    p_policy jsonb,
    p_note text DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_most constant integer := 10;
    v_id bigint;
BEGIN
    PERFORM health_internal.check_policy_changes(p_policy);
    IF (SELECT count(*) FROM health.shadow_policies WHERE shadow_policies.ended_at IS NULL)
        >= v_most THEN
        RAISE EXCEPTION 'there are % shadow policies at work already', v_most
            USING ERRCODE = 'BT006',
                HINT = 'End one with health.end_shadow_policy; each one looks at every agent each minute.';
    END IF;
    INSERT INTO health.shadow_policies (shadow_policy, policy, note, created_by, created_at)
    VALUES (p_name, p_policy, p_note, session_user, p_now)
    ON CONFLICT (shadow_policy) WHERE ended_at IS NULL DO NOTHING
    RETURNING shadow_policies.shadow_policy_id INTO v_id;
    IF v_id IS NULL THEN
        RAISE EXCEPTION 'shadow policy "%" is at work already', p_name
            USING ERRCODE = 'BT007',
                HINT = 'Give another name, or end it first with health.end_shadow_policy.';
    END IF;
    RETURN v_id;
END;
$$;
COMMENT ON FUNCTION health.add_shadow_policy(text, jsonb, text, timestamptz) IS
'Lets a policy (the ones in force with p_policy''s changes) judge live without any effect, each minute; '
'health.policy_comparison lays it beside what is in force. At most ten. Returns its number. Raises BT002 for '
'changes that are none, BT006 for too many, BT007 for a name in use, and a named CHECK.';

CREATE OR REPLACE FUNCTION health.end_shadow_policy(
    p_name text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE health.shadow_policies
    SET ended_at = p_now, ended_by = session_user
    WHERE shadow_policies.shadow_policy = p_name AND shadow_policies.ended_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'shadow policy "%" is not at work', coalesce(p_name, 'NULL')
            USING ERRCODE = 'BT008',
                HINT = 'SELECT shadow_policy FROM health.shadow_policies WHERE ended_at IS NULL lists '
                    'those that are.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health.end_shadow_policy(text, timestamptz) IS
'Ends a shadow policy; what it recorded is kept for 90 days. Raises BT008 where none of that name is at '
'work.';
GRANT EXECUTE ON FUNCTION
health.add_shadow_policy(text, jsonb, text, timestamptz),
health.end_shadow_policy(text, timestamptz) TO health_admin;

COMMIT;
