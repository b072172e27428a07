BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.grow_trees(bigint, text, jsonb, integer, integer)'::regprocedure;
END;
$$;

ROLLBACK;
