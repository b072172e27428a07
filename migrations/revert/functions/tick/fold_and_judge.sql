BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_and_judge(
    timestamptz, bigint, xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint,
    timestamptz, boolean, boolean
);

COMMIT;
