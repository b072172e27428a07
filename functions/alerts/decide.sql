-- The decision: whether to tell people of an incident, and if not, why. One function, whose truth
-- table is docs/alerting.md; everything else gathers its inputs and carries out its answer.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.severity_rank(p_severity text)
RETURNS integer
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE p_severity
    WHEN 'info' THEN 1
    WHEN 'warning' THEN 2
    WHEN 'critical' THEN 3
    WHEN 'emergency' THEN 4
END;
COMMENT ON FUNCTION health_internal.severity_rank(text) IS
'Order of severities: info 1, warning 2, critical 3, emergency 4.';

CREATE OR REPLACE FUNCTION health_internal.severity_of_rank(p_rank integer)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE p_rank
    WHEN 1 THEN 'info'
    WHEN 2 THEN 'warning'
    WHEN 3 THEN 'critical'
    WHEN 4 THEN 'emergency'
END;
COMMENT ON FUNCTION health_internal.severity_of_rank(integer) IS
'The severity of a rank; see severity_rank.';

CREATE OR REPLACE FUNCTION health_internal.flapping_percent(p_ring integer)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
-- Bit b weighs (1.18 - 0.02 b) / 20 of 100 %, which is 5.9 - 0.1 b. The sum of the positions of set
-- bits is read off with five masks, one per binary digit of a position.
RETURN (
    59 * bit_count((p_ring & 1048575)::bit(20))
    - bit_count((p_ring & 699050)::bit(20))
    - 2 * bit_count((p_ring & 838860)::bit(20))
    - 4 * bit_count((p_ring & 61680)::bit(20))
    - 8 * bit_count((p_ring & 65280)::bit(20))
    - 16 * bit_count((p_ring & 983040)::bit(20))
) / 10.0::double precision;
COMMENT ON FUNCTION health_internal.flapping_percent(integer) IS
'Weighted share of changes among the last 20, percent, of a ring of change bits (bit 0 newest): '
'weights from 1.18 for the newest to 0.80 for the oldest, over 20. Source: Icinga 2, '
'Checkable::UpdateFlappingStatus.';

CREATE OR REPLACE FUNCTION health_internal.decide_notification(
    p_news text,
    p_was_told boolean,
    p_was_withheld boolean,
    p_is_confirmed boolean,
    p_is_in_maintenance boolean,
    p_is_in_fleet_incident boolean,
    p_is_unheard boolean,
    p_parent text,
    p_is_silenced boolean,
    p_is_flapping boolean,
    p_is_acknowledged boolean
)
RETURNS text []
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_news = 'none' THEN ARRAY['nothing', 'known']
    WHEN p_news = 'over' AND NOT p_was_told THEN ARRAY['nothing', 'never_told']
    WHEN p_news = 'over' AND p_is_in_maintenance THEN ARRAY['withhold', 'maintenance']
    WHEN p_news = 'over' AND p_is_silenced THEN ARRAY['withhold', 'silenced']
    WHEN p_news = 'over' AND p_is_flapping THEN ARRAY['withhold', 'flapping']
    WHEN p_news = 'over' THEN ARRAY['send', 'resolved']
    WHEN NOT p_is_confirmed THEN ARRAY['withhold', 'soft']
    WHEN p_is_in_maintenance THEN ARRAY['withhold', 'maintenance']
    WHEN p_is_in_fleet_incident THEN ARRAY['withhold', 'fleet_incident']
    WHEN p_is_unheard THEN ARRAY['withhold', 'monitor_gap']
    WHEN p_parent = 'down' THEN ARRAY['withhold', 'parent_down']
    WHEN p_parent = 'suspected' AND NOT p_was_told THEN ARRAY['withhold', 'parent_suspected']
    WHEN p_is_silenced THEN ARRAY['withhold', 'silenced']
    WHEN p_is_flapping THEN ARRAY['withhold', 'flapping']
    WHEN p_is_acknowledged THEN ARRAY['withhold', 'acknowledged']
    WHEN p_news = 'worse' THEN ARRAY['send', 'escalated']
    WHEN p_news = 'unrecovered' THEN ARRAY['send', 'recovery_failed']
    WHEN p_was_withheld OR p_news = 'withdrawn' THEN ARRAY['send', 'truth']
    WHEN p_news = 'new' THEN ARRAY['send', 'opened']
    WHEN p_news = 'step_due' THEN ARRAY['send', 'step']
    WHEN p_news = 'reminder_due' THEN ARRAY['send', 'reminder']
END;
COMMENT ON FUNCTION health_internal.decide_notification(
    text, boolean, boolean, boolean, boolean, boolean, boolean, text, boolean, boolean, boolean
) IS
'What to do about an incident: {send, event}, {withhold, reason} or {nothing, reason}. p_news: new '
'(nobody was told), worse, unrecovered, step_due, reminder_due, withdrawn (from a channel that was to '
'hear of it), none or over; p_is_unheard: not heard since a monitor gap that has not settled; p_parent: up, suspected or down. The truth table is in docs/alerting.md; a test compares them row by row.';

COMMIT;
