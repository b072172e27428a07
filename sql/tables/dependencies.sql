-- Who needs whom: a child of a dead parent does not page, and parents are recovered first.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.dependencies (
    child_id text COLLATE "C" NOT NULL,
    parent_id text COLLATE "C" NOT NULL,
    redundancy_group text COLLATE "C",
    minimum_alive_count integer NOT NULL DEFAULT 1,
    CONSTRAINT dependencies_pkey PRIMARY KEY (child_id, parent_id),
    CONSTRAINT nobody_is_his_own_parent
    CHECK (child_id <> parent_id),
    CONSTRAINT minimum_alive_count_is_positive
    CHECK (minimum_alive_count >= 1)
);

COMMENT ON TABLE health.dependencies IS
'One row per parent an agent needs.';
COMMENT ON COLUMN health.dependencies.child_id IS 'Agent that needs the other.';
COMMENT ON COLUMN health.dependencies.parent_id IS 'Agent it needs.';
COMMENT ON COLUMN health.dependencies.redundancy_group IS
'Parents of one group stand in for each other. NULL: the child needs this very one.';
COMMENT ON COLUMN health.dependencies.minimum_alive_count IS
'How many of the group must be alive; the highest of its rows counts, and of fewer rows all.';


CREATE INDEX dependencies_parent_idx ON health.dependencies (parent_id);
COMMENT ON INDEX health.dependencies_parent_idx IS
'A parent that falls or returns has its children looked at again.';

GRANT SELECT ON health.dependencies TO health_analyst;
GRANT ALL ON health.dependencies TO health_admin;

COMMIT;
