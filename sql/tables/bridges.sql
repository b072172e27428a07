-- What bridges said of themselves: whom they can restart.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health_internal.bridges (
    worker text COLLATE "C" NOT NULL,
    agent_ids text [] NOT NULL,
    announced_at timestamptz NOT NULL,
    CONSTRAINT bridges_pkey PRIMARY KEY (worker)
);

COMMENT ON TABLE health_internal.bridges IS
'One row per bridge that ever said which agents it manages, written when that changes.';
COMMENT ON COLUMN health_internal.bridges.worker IS 'The bridge, bridge:NAME.';
COMMENT ON COLUMN health_internal.bridges.agent_ids IS
'Agents it has an executor for; empty: it only ticks and carries messages.';
COMMENT ON COLUMN health_internal.bridges.announced_at IS 'When it said so first, or last something else.';

COMMIT;
