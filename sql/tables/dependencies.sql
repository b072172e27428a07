-- Who needs whom: parents are recovered before their children.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.dependencies (
    child_id text COLLATE "C" NOT NULL,
    parent_id text COLLATE "C" NOT NULL,
    redundancy_group text,
    CONSTRAINT dependencies_pkey PRIMARY KEY (child_id, parent_id),
    CONSTRAINT nobody_is_his_own_parent
    CHECK (child_id <> parent_id)
);

COMMENT ON TABLE health.dependencies IS
'One row per parent an agent needs.';
COMMENT ON COLUMN health.dependencies.child_id IS 'Agent that needs the other.';
COMMENT ON COLUMN health.dependencies.parent_id IS 'Agent it needs.';
COMMENT ON COLUMN health.dependencies.redundancy_group IS
'Parents of one group stand in for each other: the child lacks them only when all are dead. NULL: it needs this very one.';

GRANT SELECT ON health.dependencies TO health_analyst;
GRANT ALL ON health.dependencies TO health_admin;

COMMIT;
