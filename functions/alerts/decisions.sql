-- Decisions and what follows from them: each is written to its incident, to the ledger, and, where people
-- are to be told, to the notices of each channel.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.inherit_told(
    p_now timestamptz,
    p_incident_ids bigint []
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    -- Trouble came back while the all-clear of the last one was withheld: people still believe that
    -- one, so the new incident takes its place and its end is the end they hear of.
    WITH superseded AS (
        UPDATE health.incidents AS older
        SET is_settled = true
        FROM unnest(p_incident_ids) AS given (incident_id)
        INNER JOIN health.incidents AS newer ON given.incident_id = newer.incident_id
        WHERE older.agent_id = newer.agent_id
            AND older.incident_id < newer.incident_id
            AND older.resolved_at IS NOT NULL
            AND NOT older.is_settled
        RETURNING
            older.incident_id, older.agent_id, older.told_at, older.told_channels,
            newer.incident_id AS newer_id
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, agent_id, event, reason_code, reason
        )
        SELECT
            p_now, superseded.incident_id, superseded.agent_id, 'grouped', 'incident',
            'went on as incident ' || superseded.newer_id
        FROM superseded
    )

    UPDATE health.incidents
    SET
        told_at = coalesce(incidents.told_at, heritage.told_at),
        told_channels = ARRAY(
            SELECT unnest(incidents.told_channels) UNION SELECT unnest(heritage.told_channels)
        )
    FROM (
        SELECT DISTINCT ON (superseded.newer_id) superseded.*
        FROM superseded
        WHERE superseded.told_at IS NOT NULL
        ORDER BY superseded.newer_id ASC, superseded.incident_id DESC
    ) AS heritage
    WHERE incidents.incident_id = heritage.newer_id;
$$;
COMMENT ON FUNCTION health_internal.inherit_told(timestamptz, bigint []) IS
'Lets an incident take the place of earlier ones of its agent whose all-clear is withheld: when it '
'begins, or when theirs is withdrawn.';

CREATE OR REPLACE FUNCTION health_internal.decide_incidents(
    p_now timestamptz,
    p_incident_ids bigint []
)
RETURNS health_internal.notices []
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_broken text [];
    v_fresh health_internal.notices [];
    v_muted bigint [];
BEGIN
    SELECT coalesce(array_agg(broken.channel), '{}')
    INTO v_broken
    FROM health_internal.broken_channels(p_now) AS broken;

    WITH decided AS MATERIALIZED (
        SELECT
            facts.*,
            outcome.decision[1] AS decision,
            outcome.decision[2] AS subject
        FROM health_internal.incident_facts(p_now, ARRAY(
            SELECT incidents.incident_id
            FROM unnest(p_incident_ids) AS given (incident_id)
            INNER JOIN health.incidents ON given.incident_id = incidents.incident_id
            WHERE NOT incidents.is_settled
        )) AS facts
        CROSS JOIN LATERAL (
            SELECT health_internal.decide_notification(
                facts.news, facts.was_told, facts.withheld IS NOT NULL, facts.is_confirmed,
                facts.is_in_maintenance, facts.is_in_fleet_incident, facts.is_unheard,
                facts.parent, facts.is_silenced, facts.is_flapping, facts.is_acknowledged
            ) AS decision
        ) AS outcome
    ),

    -- Whom to tell: every default channel from its severity on, and those of the steps due; of a
    -- step, those of the step; of the end, those that heard of the beginning.
    told AS MATERIALIZED (
        SELECT
            decided.incident_id,
            decided.agent_id,
            decided.subject,
            decided.step,
            decided.step_channels,
            coalesce(
                health_internal.severity_of_rank(decided.severity_rank), incidents.severity
            ) AS severity,
            incidents.message_count,
            incidents.told_channels AS aware,
            ARRAY(
                SELECT channels.channel
                FROM health.channels
                WHERE channels.is_enabled
                    AND CASE decided.subject
                        WHEN 'resolved' THEN channels.channel = ANY (incidents.told_channels)
                        WHEN 'step' THEN channels.channel = ANY (decided.step_channels)
                        ELSE channels.channel = ANY (decided.step_channels) OR (
                            -- What was withdrawn is owed to those from whom it was, no others.
                            CASE
                                WHEN decided.news = 'withdrawn' OR NOT channels.is_default
                                    THEN channels.channel = ANY (incidents.owed_channels)
                                ELSE true
                            END
                            AND (
                                NOT channels.is_default
                                OR decided.severity_rank
                                >= health_internal.severity_rank(channels.minimum_severity)
                            )
                        )
                    END
                    -- That a channel is broken is told through another.
                    AND (
                        incidents.engine_rule IS DISTINCT FROM 'dead_letters'
                        OR NOT channels.channel = ANY (v_broken)
                    )
            ) AS channels
        FROM decided
        INNER JOIN health.incidents ON decided.incident_id = incidents.incident_id
        WHERE decided.decision = 'send'
    ),

    written AS (
        UPDATE health.incidents
        SET
            told_severity = CASE
                WHEN decided.decision <> 'send' THEN incidents.told_severity
                ELSE health_internal.severity_of_rank(
                    greatest(decided.severity_rank, decided.told_rank)
                )
            END,
            told_at = CASE
                WHEN decided.decision = 'send' THEN p_now ELSE incidents.told_at
            END,
            told_channels = CASE
                WHEN told.channels <@ incidents.told_channels IS NOT FALSE
                    THEN incidents.told_channels
                WHEN incidents.told_channels = '{}' THEN told.channels
                ELSE ARRAY(SELECT unnest(incidents.told_channels) UNION SELECT unnest(told.channels))
            END,
            owed_channels = CASE
                WHEN decided.decision = 'send' OR decided.is_over THEN '{}'
                ELSE incidents.owed_channels
            END,
            message_count = incidents.message_count + (decided.decision = 'send')::integer,
            is_recovery_failure_told = incidents.is_recovery_failure_told
            OR (decided.decision = 'send' AND decided.is_unrecovered),
            escalates_from = CASE
                WHEN decided.decision = 'send'
                    AND (incidents.told_severity IS NULL OR incidents.escalates_from IS NULL)
                    THEN p_now
                ELSE incidents.escalates_from
            END,
            escalated_until = CASE
                WHEN decided.decision = 'send' THEN p_now ELSE incidents.escalated_until
            END,
            is_acknowledged = incidents.is_acknowledged
            AND (decided.is_over OR NOT decided.has_acknowledgement_ended),
            withheld = CASE WHEN decided.decision = 'withhold' THEN decided.subject END,
            withheld_at = CASE
                WHEN decided.decision <> 'withhold' THEN NULL
                WHEN incidents.withheld = decided.subject THEN incidents.withheld_at
                ELSE p_now
            END,
            checked_at = p_now,
            next_check_at = CASE
                WHEN decided.is_over AND decided.decision <> 'withhold' THEN 'infinity'
                WHEN decided.decision = 'withhold' THEN CASE
                    WHEN decided.subject = 'parent_suspected' THEN p_now
                    ELSE least(decided.mute_ends_at, p_now + interval '10 minutes')
                END
                ELSE least(
                    CASE WHEN decided.decision = 'send' THEN p_now ELSE incidents.told_at END
                    + settings.repeat_interval,
                    decided.next_step_at,
                    -- Of several alerts one may be silenced.
                    decided.mute_ends_at
                )
            END,
            is_settled = decided.is_over AND decided.decision <> 'withhold'
        FROM decided
        CROSS JOIN health.settings
        LEFT JOIN told ON decided.incident_id = told.incident_id
        WHERE incidents.incident_id = decided.incident_id
    ),

    fresh AS (
        SELECT
            ROW(
                listening.channel,
                told.incident_id,
                CASE told.subject WHEN 'step' THEN 'escalated' ELSE told.subject END,
                CASE
                    WHEN told.subject <> 'resolved' AND listening.channel = ANY (told.step_channels)
                        THEN told.step
                    ELSE 0
                END,
                told.severity,
                told.message_count + 1,
                told.agent_id IS NULL,
                NOT listening.channel = ANY (told.aware),
                p_now
            )::health_internal.notices AS notice
        FROM told
        CROSS JOIN LATERAL unnest(told.channels) AS listening (channel)
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, agent_id, event, reason_code, reason, channel
        )
        SELECT
            p_now, decided.incident_id, decided.agent_id, 'suppressed', decided.subject,
            decided.reasons ->> decided.subject, NULL
        FROM decided
        WHERE decided.decision = 'withhold'
            AND (decided.withheld IS DISTINCT FROM decided.subject OR decided.has_new_alert)
        UNION ALL
        SELECT
            p_now, decided.incident_id, decided.agent_id, 'grouped', 'incident',
            'incident ' || decided.incident_id || ' was told already', NULL
        FROM decided
        WHERE decided.subject = 'known' AND decided.has_new_alert AND NOT decided.is_over
        UNION ALL
        SELECT
            p_now, decided.incident_id, decided.agent_id, 'unacknowledged', NULL,
            CASE decided.news
                WHEN 'worse' THEN 'the severity rose'
                ELSE 'the acknowledgement expired'
            END,
            NULL
        FROM decided
        WHERE decided.has_acknowledgement_ended AND NOT decided.is_over
        UNION ALL
        SELECT
            p_now, told.incident_id, told.agent_id, 'suppressed', 'minimum_severity',
            told.severity || ' is below ' || channels.minimum_severity, channels.channel
        FROM told
        INNER JOIN health.channels
            ON channels.is_enabled
            AND channels.is_default
            AND NOT channels.channel = ANY (told.channels)
            AND health_internal.severity_rank(told.severity)
            < health_internal.severity_rank(channels.minimum_severity)
        WHERE told.subject NOT IN ('resolved', 'step')
        UNION ALL
        SELECT
            p_now, told.incident_id, told.agent_id, 'suppressed', 'no_channel',
            'no enabled channel takes it', NULL
        FROM told
        WHERE told.channels = '{}' AND told.subject <> 'resolved'
    )

    SELECT
        ARRAY(SELECT fresh.notice FROM fresh),
        array_agg(decided.incident_id) FILTER (
            WHERE decided.is_in_maintenance OR decided.is_silenced OR decided.is_acknowledged
        )
    INTO v_fresh, v_muted
    FROM decided;
    -- What still waits becomes the newer news; a first page stays one. Where nothing waits, most of them
    -- leave at once: ten thousand are not written to be deleted.
    IF v_fresh <> '{}' AND EXISTS (SELECT FROM health_internal.notices) THEN
        INSERT INTO health_internal.notices AS waiting
        SELECT fresh.*
        FROM unnest(v_fresh) AS fresh
        ON CONFLICT (incident_id, channel) DO UPDATE SET
            event = CASE
                WHEN excluded.event = 'resolved' THEN 'resolved'
                WHEN waiting.event IN ('opened', 'truth') THEN waiting.event
                ELSE excluded.event
            END,
            step = greatest(waiting.step, excluded.step),
            severity = CASE
                WHEN health_internal.severity_rank(waiting.severity)
                    > health_internal.severity_rank(excluded.severity) THEN waiting.severity
                ELSE excluded.severity
            END;
        v_fresh := '{}';
    END IF;
    IF v_muted IS NOT NULL THEN
        PERFORM health_internal.withdraw_messages(p_now, v_muted);
    END IF;
    RETURN v_fresh;
END;
$$;
COMMENT ON FUNCTION health_internal.decide_incidents(timestamptz, bigint []) IS
'Decides about incidents that are due, and carries the decisions out: notices for channels, rows of '
'the ledger, when to look again. Escalations and reminders are such decisions: one statement moves all. '
'Returns the notices of those that nothing else waited beside, for send_notices; others are in the table.';

COMMIT;
