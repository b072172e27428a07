-- Roll-ups made anew: of what was learnt later and reaches back.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.correct_rollups(p_until timestamptz)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_state health_internal.rollup_state;
    v_late record;
    v_gap_from timestamptz;
    v_gaps_until timestamptz;
    v_kept_from timestamptz;
BEGIN
    SELECT state.* INTO STRICT v_state FROM health_internal.rollup_state AS state;
    -- Beyond the hours that are kept nothing is made anew.
    SELECT date_trunc('day', p_until - settings.hour_retention, 'UTC') + interval '1 day'
    INTO STRICT v_kept_from
    FROM health.business_settings AS settings;

    -- Transitions since that tell of a silence begun in an hour made already, and false positives.
    SELECT
        array_agg(DISTINCT late.agent_id) AS agent_ids,
        greatest(min(late.from_at), v_kept_from) AS from_at
    INTO STRICT v_late
    FROM (
        SELECT changes.agent_id, least(changes.occurred_at, changes.last_heartbeat_at) AS from_at
        FROM health.status_transitions AS changes
        WHERE changes.transition_id > v_state.transition_id
            AND (changes.new_liveness = 'unresponsive' OR changes.occurred_at < v_state.hours_until)
        UNION ALL
        SELECT anew.agent_id, anew.from_at
        FROM health_internal.rollup_corrections AS anew
    ) AS late
    WHERE late.from_at < v_state.hours_until;
    DELETE FROM health_internal.rollup_corrections;

    SELECT
        CASE
            WHEN count(*) > 0
                THEN greatest(date_trunc('hour', min(gaps.started_at), 'UTC'), v_kept_from)
        END,
        max(gaps.settled_at)
    INTO STRICT v_gap_from, v_gaps_until
    FROM health.monitor_gaps AS gaps
    WHERE gaps.settled_at > v_state.gaps_settled_until;

    UPDATE health_internal.rollup_state
    SET
        transition_id = coalesce(
            (SELECT max(changes.transition_id) FROM health.status_transitions AS changes),
            rollup_state.transition_id
        ),
        gaps_settled_until = coalesce(v_gaps_until, rollup_state.gaps_settled_until);
    IF v_gap_from < v_state.hours_until THEN
        v_late.agent_ids := NULL;
        v_late.from_at := least(v_gap_from, v_late.from_at);
    ELSIF v_late.agent_ids IS NULL THEN
        RETURN false;
    END IF;
    v_late.from_at := date_trunc('hour', v_late.from_at, 'UTC');
    PERFORM health_internal.roll_up_hours(v_late.from_at, v_state.hours_until, v_late.agent_ids);
    IF v_late.from_at < v_state.days_until THEN
        PERFORM health_internal.roll_up_days(
            greatest(date_trunc('day', v_late.from_at, 'UTC'), v_kept_from), v_state.days_until,
            v_late.agent_ids
        );
    END IF;
    RETURN true;
END;
$$;
COMMENT ON FUNCTION health_internal.correct_rollups(timestamptz) IS
'Makes anew the roll-ups of agents of whom something was learnt since that reaches back: a silence, a '
'false positive, a gap of the monitor. Returns whether there was any.';

COMMIT;
