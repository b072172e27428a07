-- Roles belong to the cluster and other databases may use them: they stay.
BEGIN;

COMMIT;
