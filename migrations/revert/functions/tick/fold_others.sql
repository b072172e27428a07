BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.watch_sessions(timestamptz, boolean);
DROP FUNCTION health_internal.fold_metrics(
    timestamptz, xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint
);
DROP FUNCTION health_internal.fold_events(
    timestamptz, xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint
);
DROP FUNCTION health_internal.event_weight(text);
DROP FUNCTION health_internal.add_missing_agents();
DROP FUNCTION health_internal.register_unknown(
    xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint
);
DROP FUNCTION health_internal.fold_agent_changes(
    xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint
);

COMMIT;
