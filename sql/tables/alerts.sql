-- Incidents and alerts: one open incident per agent, one open alert per agent and rule, and the
-- ledger of what was told and what was not.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.incidents (
    incident_id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id text COLLATE "C",
    engine_rule text COLLATE "C",
    fleet_incident_id bigint,
    severity text NOT NULL,
    revenue_usd_per_hour double precision NOT NULL DEFAULT 0,
    onset_at timestamptz NOT NULL,
    detected_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text,
    is_acknowledged boolean NOT NULL DEFAULT false,
    is_acknowledgement_sticky boolean NOT NULL DEFAULT false,
    acknowledged_until timestamptz,
    acknowledged_severity text,
    acknowledgement_note text,
    recovered_at timestamptz,
    resolved_at timestamptz,
    false_positive_at timestamptz,
    false_positive_by text,
    false_positive_note text,
    told_severity text,
    told_at timestamptz,
    told_channels text [] NOT NULL DEFAULT '{}',
    owed_channels text [] NOT NULL DEFAULT '{}',
    is_recovery_failure_told boolean NOT NULL DEFAULT false,
    message_count integer NOT NULL DEFAULT 0,
    escalates_from timestamptz,
    escalated_until timestamptz,
    withheld text,
    withheld_at timestamptz,
    checked_at timestamptz,
    next_check_at timestamptz NOT NULL DEFAULT '-infinity',
    is_settled boolean NOT NULL DEFAULT false,
    CONSTRAINT incidents_pkey PRIMARY KEY (incident_id),
    CONSTRAINT incident_severity_is_known
    CHECK (severity IN ('info', 'warning', 'critical', 'emergency')),
    CONSTRAINT incident_is_of_an_agent_or_of_a_rule_of_the_engine
    CHECK ((agent_id IS NULL) = (engine_rule IS NOT NULL))
) WITH (fillfactor = 50);

COMMENT ON TABLE health.incidents IS
'One row per time an agent was in trouble, from its true onset to its end; or the engine, or many agents together. What people were told of it is kept here.';
COMMENT ON COLUMN health.incidents.incident_id IS 'Number of the incident.';
COMMENT ON COLUMN health.incidents.agent_id IS 'Which agent; NULL: the engine, or many agents.';
COMMENT ON COLUMN health.incidents.engine_rule IS
'Rule of an incident without an agent, each of which is told for itself; NULL for an agent''s.';
COMMENT ON COLUMN health.incidents.fleet_incident_id IS
'Incident of many agents this one belongs to: while that is open it speaks for this one. No foreign key, as for alerts.';
COMMENT ON COLUMN health.incidents.severity IS 'Highest severity of its alerts so far.';
COMMENT ON COLUMN health.incidents.revenue_usd_per_hour IS
'Revenue at risk when it was detected, US dollars per hour.';
COMMENT ON COLUMN health.incidents.onset_at IS
'When the trouble began, as well as it is known: the last good heartbeat of a silence.';
COMMENT ON COLUMN health.incidents.detected_at IS 'When its first alert opened.';
COMMENT ON COLUMN health.incidents.acknowledged_at IS 'When a person first took it.';
COMMENT ON COLUMN health.incidents.acknowledged_by IS 'Who took it last.';
COMMENT ON COLUMN health.incidents.is_acknowledged IS 'Whether somebody has it at present.';
COMMENT ON COLUMN health.incidents.is_acknowledgement_sticky IS
'Whether the acknowledgement outlasts a rise in severity.';
COMMENT ON COLUMN health.incidents.acknowledged_until IS
'When the acknowledgement expires; NULL: with the incident.';
COMMENT ON COLUMN health.incidents.acknowledged_severity IS 'Severity that was acknowledged.';
COMMENT ON COLUMN health.incidents.acknowledgement_note IS 'What the person said.';
COMMENT ON COLUMN health.incidents.recovered_at IS 'When a recovery of it was verified.';
COMMENT ON COLUMN health.incidents.resolved_at IS
'When its last alert closed; NULL while it is open.';
COMMENT ON COLUMN health.incidents.false_positive_at IS
'When a person said that nothing had been wrong; NULL: nobody did.';
COMMENT ON COLUMN health.incidents.false_positive_by IS 'Who.';
COMMENT ON COLUMN health.incidents.false_positive_note IS 'What the person said.';
COMMENT ON COLUMN health.incidents.told_severity IS
'Severity people were last told and nobody has taken since; NULL: there is something to tell.';
COMMENT ON COLUMN health.incidents.told_at IS 'When it was last told; NULL: never.';
COMMENT ON COLUMN health.incidents.told_channels IS
'Channels that were told; the all-clear goes there.';
COMMENT ON COLUMN health.incidents.owed_channels IS
'Channels from which a message was withdrawn by a mute: they are told the truth when it ends.';
COMMENT ON COLUMN health.incidents.is_recovery_failure_told IS
'Whether people were told that automatic recovery gave up.';
COMMENT ON COLUMN health.incidents.message_count IS 'How often it was told.';
COMMENT ON COLUMN health.incidents.escalates_from IS
'Time from which the delays of escalation steps count.';
COMMENT ON COLUMN health.incidents.escalated_until IS 'Steps due until then have been taken.';
COMMENT ON COLUMN health.incidents.withheld IS
'Why the next message is withheld, one of the reasons of docs/alerting.md; NULL: it is not.';
COMMENT ON COLUMN health.incidents.withheld_at IS 'Since when, for that reason.';
COMMENT ON COLUMN health.incidents.checked_at IS 'When it was last decided what to tell.';
COMMENT ON COLUMN health.incidents.next_check_at IS
'When to decide again: reminder, escalation, end of a mute; -infinity: something changed.';
COMMENT ON COLUMN health.incidents.is_settled IS 'Over, and nothing is left to tell.';

CREATE UNIQUE INDEX incidents_open_key
ON health.incidents (agent_id, engine_rule) NULLS NOT DISTINCT
WHERE resolved_at IS NULL;
COMMENT ON INDEX health.incidents_open_key IS
'One open incident per agent, and per rule of the engine.';

CREATE INDEX incidents_agent_idx ON health.incidents (agent_id, onset_at);
COMMENT ON INDEX health.incidents_agent_idx IS 'Analysts read one agent''s incidents in order.';

CREATE INDEX incidents_detected_idx ON health.incidents (detected_at);
COMMENT ON INDEX health.incidents_detected_idx IS
'health_internal.incident_rows reads the incidents of a period.';

CREATE INDEX incidents_unsettled_idx ON health.incidents (incident_id) WHERE NOT is_settled;
COMMENT ON INDEX health.incidents_unsettled_idx IS
'health_internal.incident_facts reads the incidents about which something may have to be told. Not on '
'next_check_at: telling of ten thousand is then ten thousand HOT updates.';

CREATE INDEX incidents_acknowledged_idx ON health.incidents (incident_id)
WHERE is_acknowledged AND NOT is_settled;
COMMENT ON INDEX health.incidents_acknowledged_idx IS
'health_internal.has_mutes asks whether anything is acknowledged.';

CREATE INDEX incidents_fleet_idx ON health.incidents (fleet_incident_id)
WHERE fleet_incident_id IS NOT NULL;
COMMENT ON INDEX health.incidents_fleet_idx IS
'health_internal.close_fleet_incidents counts members still in trouble.';

CREATE TABLE health.incident_members (
    incident_id bigint NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    CONSTRAINT incident_members_pkey PRIMARY KEY (incident_id, agent_id),
    CONSTRAINT incident_members_incident_fkey
    FOREIGN KEY (incident_id) REFERENCES health.incidents
);

COMMENT ON TABLE health.incident_members IS
'One row per agent of an incident of many agents.';
COMMENT ON COLUMN health.incident_members.incident_id IS 'Incident of many agents.';
COMMENT ON COLUMN health.incident_members.agent_id IS 'Agent that belongs to it.';

CREATE TABLE health.alerts (
    alert_id bigint GENERATED ALWAYS AS IDENTITY,
    incident_id bigint NOT NULL,
    agent_id text COLLATE "C",
    rule text COLLATE "C" NOT NULL,
    severity text NOT NULL,
    summary text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    is_managed boolean NOT NULL DEFAULT false,
    opened_at timestamptz NOT NULL,
    resolved_at timestamptz,
    resolved_by text,
    CONSTRAINT alerts_pkey PRIMARY KEY (alert_id),
    CONSTRAINT alert_severity_is_known
    CHECK (severity IN ('info', 'warning', 'critical', 'emergency'))
);

COMMENT ON TABLE health.alerts IS
'One row per alert, open or closed.';
COMMENT ON COLUMN health.alerts.alert_id IS 'Number of the alert.';
COMMENT ON COLUMN health.alerts.incident_id IS
'Incident it belongs to; its alerts share one page. No foreign keys: ten thousand open at once.';
COMMENT ON COLUMN health.alerts.agent_id IS 'Which agent; NULL: the engine itself.';
COMMENT ON COLUMN health.alerts.rule IS 'Rule that opened it.';
COMMENT ON COLUMN health.alerts.severity IS 'info, warning, critical or emergency.';
COMMENT ON COLUMN health.alerts.summary IS 'What is wrong, in words.';
COMMENT ON COLUMN health.alerts.details IS 'The facts at the time it opened.';
COMMENT ON COLUMN health.alerts.is_managed IS
'Whether what opened it also closes it (recovery_failed, incidents of many agents); else it is open while its rule holds.';
COMMENT ON COLUMN health.alerts.opened_at IS 'When it opened.';
COMMENT ON COLUMN health.alerts.resolved_at IS 'When it closed; NULL while it is open.';
COMMENT ON COLUMN health.alerts.resolved_by IS 'engine, or the person who closed it.';

CREATE UNIQUE INDEX alerts_open_key ON health.alerts (agent_id, rule) NULLS NOT DISTINCT
WHERE resolved_at IS NULL;
COMMENT ON INDEX health.alerts_open_key IS 'One open alert per agent and rule.';

CREATE INDEX alerts_incident_idx ON health.alerts (incident_id);
COMMENT ON INDEX health.alerts_incident_idx IS
'Deciding and telling read the alerts of an incident.';

CREATE INDEX alerts_resolved_idx ON health.alerts (resolved_at) WHERE resolved_at IS NOT NULL;
COMMENT ON INDEX health.alerts_resolved_idx IS 'The page lists the alerts that closed last.';

CREATE TABLE health.alert_events (
    alert_event_id bigint GENERATED ALWAYS AS IDENTITY,
    occurred_at timestamptz NOT NULL,
    incident_id bigint,
    alert_id bigint,
    agent_id text COLLATE "C",
    event text NOT NULL,
    reason_code text,
    reason text,
    channel text COLLATE "C",
    delivery_id bigint,
    CONSTRAINT alert_events_pkey PRIMARY KEY (alert_event_id),
    CONSTRAINT alert_event_is_known
    CHECK (event IN (
            'opened', 'queued', 'grouped', 'suppressed', 'acknowledged', 'unacknowledged',
            'false_positive', 'resolved'
        ))
);

COMMENT ON TABLE health.alert_events IS
'One row per thing that happened to an alert, or to all alerts of an incident: the ledger that answers why a page came or did not. No foreign keys: it is written by the thousand.';
COMMENT ON COLUMN health.alert_events.alert_event_id IS 'Number of the event.';
COMMENT ON COLUMN health.alert_events.occurred_at IS 'When.';
COMMENT ON COLUMN health.alert_events.incident_id IS
'Which incident; NULL: trouble not confirmed, which opened none.';
COMMENT ON COLUMN health.alert_events.alert_id IS 'Which alert; NULL: all of the incident.';
COMMENT ON COLUMN health.alert_events.agent_id IS 'Which agent; NULL: the engine itself.';
COMMENT ON COLUMN health.alert_events.event IS
'opened, queued (a message), grouped (into a digest or an incident told already), suppressed, acknowledged, unacknowledged, false_positive (marked, or no longer) or resolved.';
COMMENT ON COLUMN health.alert_events.reason_code IS
'Why a message was not sent, or not alone: a reason of docs/alerting.md.';
COMMENT ON COLUMN health.alert_events.reason IS 'Why, in words.';
COMMENT ON COLUMN health.alert_events.channel IS 'Which channel; NULL: every one.';
COMMENT ON COLUMN health.alert_events.delivery_id IS 'The message concerned.';

CREATE INDEX alert_events_incident_idx ON health.alert_events (incident_id, occurred_at);
COMMENT ON INDEX health.alert_events_incident_idx IS
'alert_history and explain_silence read one incident in order.';

CREATE INDEX alert_events_agent_idx ON health.alert_events (agent_id, occurred_at)
WHERE incident_id IS NULL;
COMMENT ON INDEX health.alert_events_agent_idx IS
'explain_silence reads an agent''s unconfirmed troubles.';

CREATE TYPE health_internal.alert_change AS (
    agent_id text,
    rule text,
    severity text,
    summary text,
    details jsonb,
    alert_id bigint
);
COMMENT ON TYPE health_internal.alert_change IS
'An alert to open (alert_id NULL), to close or to raise.';

GRANT SELECT ON health.incidents, health.incident_members, health.alerts, health.alert_events
TO health_analyst, health_bridge;

COMMIT;
