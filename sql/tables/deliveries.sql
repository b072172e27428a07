-- The outbox: messages leave the database through rows, at least once, with an idempotency key.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.channels (
    channel text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    minimum_severity text NOT NULL DEFAULT 'warning',
    is_enabled boolean NOT NULL DEFAULT true,
    is_default boolean NOT NULL DEFAULT true,
    rate_per_minute double precision,
    rate_burst integer NOT NULL DEFAULT 5,
    rate_tokens double precision,
    rate_tokens_at timestamptz,
    group_until timestamptz,
    group_messages_left integer NOT NULL DEFAULT 0,
    group_severity text,
    CONSTRAINT channels_pkey PRIMARY KEY (channel),
    CONSTRAINT channel_rate_is_positive
    CHECK (rate_per_minute > 0 AND rate_per_minute <= 1e6 AND rate_burst BETWEEN 1 AND 10000),
    CONSTRAINT channel_severity_is_known
    CHECK (minimum_severity IN ('info', 'warning', 'critical', 'emergency')),
    CONSTRAINT channel_is_a_name_and_no_address_or_secret
    CHECK (channel ~ '^[A-Za-z][A-Za-z0-9_.-]{0,39}$' AND kind ~ '^[a-z][a-z0-9_]{0,39}$')
);

COMMENT ON TABLE health.channels IS
'One row per way to send messages. Names only: addresses and secrets are in the bridge''s configuration.';
COMMENT ON COLUMN health.channels.channel IS 'Name of the channel.';
COMMENT ON COLUMN health.channels.kind IS 'Kind of channel, such as console or webhook.';
COMMENT ON COLUMN health.channels.minimum_severity IS 'Lowest severity sent there.';
COMMENT ON COLUMN health.channels.is_enabled IS 'Whether messages are queued for it.';
COMMENT ON COLUMN health.channels.is_default IS
'Whether it hears of every incident; else only by steps of escalation policies.';
COMMENT ON COLUMN health.channels.rate_per_minute IS
'Messages per minute it may be handed in the long run (token bucket); NULL: no limit.';
COMMENT ON COLUMN health.channels.rate_burst IS
'Size of the bucket: messages at once after a quiet time.';
COMMENT ON COLUMN health.channels.rate_tokens IS 'Tokens in the bucket at rate_tokens_at.';
COMMENT ON COLUMN health.channels.rate_tokens_at IS 'When the bucket was last reckoned.';
COMMENT ON COLUMN health.channels.group_until IS
'End of the grouping window its last first page opened.';
COMMENT ON COLUMN health.channels.group_messages_left IS
'Pages that may leave at once in that window; then they wait for its digest.';
COMMENT ON COLUMN health.channels.group_severity IS
'Highest severity paged in that window; a higher one does not wait.';


CREATE TYPE health_internal.digest_line AS (
    channel text,
    incident_id bigint,
    event text,
    severity text,
    is_first boolean
);
COMMENT ON TYPE health_internal.digest_line IS
'A notice that leaves in a digest.';

CREATE TABLE health.deliveries (
    delivery_id bigint GENERATED ALWAYS AS IDENTITY,
    incident_id bigint,
    channel text COLLATE "C" NOT NULL,
    event text NOT NULL,
    step integer NOT NULL DEFAULT 0,
    severity text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    agent_ids text[] NOT NULL DEFAULT '{}',
    details jsonb NOT NULL DEFAULT '{}',
    idempotency_key text NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    attempt integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    not_before timestamptz NOT NULL,
    claimed_by text,
    fencing_token bigint,
    lease_until timestamptz,
    finished_at timestamptz,
    outcome jsonb NOT NULL DEFAULT '{}',
    is_first boolean NOT NULL DEFAULT false,
    lines health_internal.digest_line [],
    is_noted boolean NOT NULL DEFAULT true,
    CONSTRAINT deliveries_pkey PRIMARY KEY (delivery_id),
    CONSTRAINT deliveries_idempotency_key UNIQUE (idempotency_key),
    CONSTRAINT deliveries_channel_fkey FOREIGN KEY (channel) REFERENCES health.channels,
    CONSTRAINT deliveries_incident_fkey FOREIGN KEY (incident_id) REFERENCES health.incidents,
    CONSTRAINT delivery_state_is_known
    CHECK (state IN ('pending', 'claimed', 'delivered', 'dead', 'cancelled')),
    CONSTRAINT delivery_severity_is_known
    CHECK (severity IN ('info', 'warning', 'critical', 'emergency'))
);

COMMENT ON TABLE health.deliveries IS
'One row per message to one channel.';
COMMENT ON COLUMN health.deliveries.delivery_id IS 'Number of the message.';
COMMENT ON COLUMN health.deliveries.incident_id IS
'Incident it speaks of; NULL: a digest of several.';
COMMENT ON COLUMN health.deliveries.channel IS 'Where it goes.';
COMMENT ON COLUMN health.deliveries.event IS
'opened, escalated, reminder, recovery_failed, truth (after a suppression), resolved, digest or report.';
COMMENT ON COLUMN health.deliveries.step IS
'Escalation step it belongs to; 0: none.';
COMMENT ON COLUMN health.deliveries.severity IS 'info, warning, critical or emergency.';
COMMENT ON COLUMN health.deliveries.subject IS 'One line.';
COMMENT ON COLUMN health.deliveries.body IS 'The message.';
COMMENT ON COLUMN health.deliveries.agent_ids IS 'Agents it speaks of.';
COMMENT ON COLUMN health.deliveries.details IS 'The facts, for templates.';
COMMENT ON COLUMN health.deliveries.idempotency_key IS
'Same for every attempt of one message; handed to the receiver.';
COMMENT ON COLUMN health.deliveries.state IS 'pending, claimed, delivered, dead or cancelled.';
COMMENT ON COLUMN health.deliveries.attempt IS 'Attempts so far.';
COMMENT ON COLUMN health.deliveries.created_at IS 'When it was queued.';
COMMENT ON COLUMN health.deliveries.not_before IS 'Earliest time of the next attempt (back-off).';
COMMENT ON COLUMN health.deliveries.claimed_by IS 'Bridge that holds it.';
COMMENT ON COLUMN health.deliveries.fencing_token IS 'Token of that claim.';
COMMENT ON COLUMN health.deliveries.lease_until IS 'Until when the claim holds.';
COMMENT ON COLUMN health.deliveries.finished_at IS 'When it was delivered or given up.';
COMMENT ON COLUMN health.deliveries.outcome IS 'What the last attempt told.';
COMMENT ON COLUMN health.deliveries.is_first IS
'Whether it is the first its channel would hear of the trouble.';
COMMENT ON COLUMN health.deliveries.lines IS
'What a digest tells, a line per incident; a mute takes lines away. NULL: no digest.';
COMMENT ON COLUMN health.deliveries.is_noted IS
'Whether the ledger tells of it: false for a digest whose lines health_internal.note_digests has yet to write.';


CREATE INDEX deliveries_open_idx ON health.deliveries (
    (CASE WHEN state = 'claimed' THEN lease_until ELSE not_before END), delivery_id
)
WHERE state IN ('pending', 'claimed');
COMMENT ON INDEX health.deliveries_open_idx IS
'claim_deliveries takes the first few of many that are due: not those that are held, however many.';

CREATE INDEX deliveries_unnoted_idx ON health.deliveries (delivery_id) WHERE NOT is_noted;
COMMENT ON INDEX health.deliveries_unnoted_idx IS
'health_internal.note_digests reads digests that the ledger does not tell of yet.';

CREATE INDEX deliveries_incident_idx ON health.deliveries (incident_id);
COMMENT ON INDEX health.deliveries_incident_idx IS
'health_internal.withdraw_messages cancels the waiting messages of incidents.';

CREATE INDEX deliveries_channel_idx ON health.deliveries (channel, state, finished_at);
COMMENT ON INDEX health.deliveries_channel_idx IS
'health_internal.broken_channels compares each channel''s last success with its last failure; serves '
'the foreign key when a channel is removed.';

CREATE TABLE health_internal.notices (
    channel text COLLATE "C" NOT NULL,
    incident_id bigint NOT NULL,
    event text NOT NULL,
    step integer NOT NULL DEFAULT 0,
    severity text NOT NULL,
    number integer NOT NULL,
    is_alone boolean NOT NULL,
    is_first boolean NOT NULL,
    queued_at timestamptz NOT NULL,
    CONSTRAINT notices_pkey PRIMARY KEY (incident_id, channel)
);

COMMENT ON TABLE health_internal.notices IS
'One row per incident a channel has yet to be told of: a message of its own at once, or the next digest.';
COMMENT ON COLUMN health_internal.notices.channel IS 'Channel to tell.';
COMMENT ON COLUMN health_internal.notices.incident_id IS 'Of which incident.';
COMMENT ON COLUMN health_internal.notices.event IS 'As deliveries.event.';
COMMENT ON COLUMN health_internal.notices.step IS 'As deliveries.step.';
COMMENT ON COLUMN health_internal.notices.severity IS 'How severe it is.';
COMMENT ON COLUMN health_internal.notices.number IS
'Number of the message within the incident; part of its idempotency key.';
COMMENT ON COLUMN health_internal.notices.is_alone IS
'Whether it is grouped with nothing and waits for nothing: the engine''s own incidents, and those of many agents.';
COMMENT ON COLUMN health_internal.notices.is_first IS 'As deliveries.is_first.';
COMMENT ON COLUMN health_internal.notices.queued_at IS 'Since when it waits.';


CREATE TYPE health_internal.mute AS (
    incident_id bigint,
    reason_code text,
    reason text,
    is_over boolean,
    until_at timestamptz
);
COMMENT ON TYPE health_internal.mute IS
'An incident that is kept quiet: why, and until when at least.';

GRANT SELECT ON health.channels, health.deliveries TO health_analyst, health_bridge;

COMMIT;
