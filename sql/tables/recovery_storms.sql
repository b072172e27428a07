-- Times in which too much of the fleet was in trouble at once for the engine to act unasked.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.recovery_storms (
    storm_id bigint GENERATED ALWAYS AS IDENTITY,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    troubled_count bigint NOT NULL,
    agent_count bigint NOT NULL,
    counted_at timestamptz NOT NULL,
    approved_at timestamptz,
    approved_by text,
    CONSTRAINT recovery_storms_pkey PRIMARY KEY (storm_id),
    CONSTRAINT an_approval_has_a_time_and_a_name
    CHECK ((approved_at IS NULL) = (approved_by IS NULL))
);

COMMENT ON TABLE health.recovery_storms IS
'One row per storm: from when more than settings.storm_share of the fleet, and at least settings.storm_count agents, were in trouble at once. Its recoveries wait for approve_recoveries.';
COMMENT ON COLUMN health.recovery_storms.storm_id IS 'Number of the storm.';
COMMENT ON COLUMN health.recovery_storms.began_at IS 'When it was seen.';
COMMENT ON COLUMN health.recovery_storms.ended_at IS 'When it was over; NULL while it goes on.';
COMMENT ON COLUMN health.recovery_storms.troubled_count IS 'Agents in trouble at its worst.';
COMMENT ON COLUMN health.recovery_storms.agent_count IS 'Agents at work when they were last counted.';
COMMENT ON COLUMN health.recovery_storms.counted_at IS 'When that was: every ten seconds while it goes on.';
COMMENT ON COLUMN health.recovery_storms.approved_at IS 'When a person let recoveries go on; NULL: not.';
COMMENT ON COLUMN health.recovery_storms.approved_by IS 'Who.';


CREATE UNIQUE INDEX recovery_storms_open_key ON health.recovery_storms ((ended_at IS NULL))
WHERE ended_at IS NULL;
COMMENT ON INDEX health.recovery_storms_open_key IS
'One storm at a time; health_internal.watch_storm and approve_recoveries read it.';

GRANT SELECT ON health.recovery_storms TO health_analyst;

COMMIT;
