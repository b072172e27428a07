BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_signals(
    timestamptz, xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint
);
DROP FUNCTION health_internal.arrived_signals(
    xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint
);

COMMIT;
