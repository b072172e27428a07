-- Telling: about which incidents to decide now, and then what waits to be told (decisions.sql, routes.sql).
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.notify(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
-- See act_on_alerts. The plan for a few is made when tables may be empty, and goes by indexes.
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = on
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_due bigint [];
    v_count bigint := 0;
BEGIN
    -- Whom an operator is writing at this moment is decided about by the next tick.
    v_due := ARRAY(
        SELECT incidents.incident_id
        FROM health.incidents
        WHERE NOT incidents.is_settled AND incidents.next_check_at <= p_now
        FOR UPDATE SKIP LOCKED
    );
    IF v_due <> '{}'
        OR EXISTS (SELECT FROM health_internal.flapping_agents)
        OR EXISTS (SELECT FROM health_internal.notices) THEN
        IF cardinality(v_due) > 50 THEN
            PERFORM
                set_config('plan_cache_mode', 'force_custom_plan', true),
                set_config('enable_seqscan', 'on', true);
        END IF;
        IF cardinality(v_due) >= 500 THEN
            PERFORM set_config('enable_nestloop', 'off', true);
        END IF;
        v_due := v_due || health_internal.watch_flapping(p_now, v_due);
        PERFORM health_internal.inherit_told(p_now, v_due);
        v_count := health_internal.send_notices(
            p_now, health_internal.decide_incidents(p_now, v_due)
        );
    END IF;
    -- What a bridge that died held is tried again or given up, unless it is muted by now.
    IF EXISTS (
        SELECT FROM health.deliveries AS held
        WHERE held.state = 'claimed' AND health_internal.due_at(held) < p_now
    ) THEN
        PERFORM health_internal.withdraw_messages(p_now, health_internal.end_lost_leases(p_now));
    END IF;
    RETURN v_count + health_internal.bundle_deliveries(p_now);
END;
$$;
COMMENT ON FUNCTION health_internal.notify(timestamptz) IS
'Tells people what they should know, once: decides about incidents that are due and sends the notices '
'of channels that may speak. Returns how many messages were queued. A few index probes where nothing is '
'due.';

COMMIT;
