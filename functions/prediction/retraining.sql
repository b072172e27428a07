-- Retraining: once a day each horizon that was ever trained, whoever calls: pg_cron at night, else the bridge, which
-- asks each ten minutes. Never part of a tick.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.models_to_retrain(p_now timestamptz)
RETURNS TABLE (horizon interval)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT wanted.horizon
    FROM (
        SELECT models.horizon, max(models.trained_at) AS trained_at
        FROM health.failure_models AS models
        GROUP BY models.horizon
    ) AS wanted
    WHERE wanted.trained_at < p_now - interval '20 hours'
        -- One that failed is not tried again each time somebody asks.
        AND NOT EXISTS (
            SELECT FROM health_internal.failure_retrainings AS tried
            WHERE tried.horizon = wanted.horizon AND tried.tried_at >= p_now - interval '20 hours'
        )
    ORDER BY wanted.horizon;
$$;
COMMENT ON FUNCTION health_internal.models_to_retrain(timestamptz) IS
'Horizons that were ever trained, and neither trained nor tried within the last 20 hours.';

CREATE OR REPLACE FUNCTION health_internal.retrain_failure_model(
    p_horizon interval, p_now timestamptz
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_error text;
BEGIN
    -- Another caller may be at it, or have been a moment ago.
    PERFORM FROM health_internal.failure_training AS training FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR EXISTS (
        SELECT FROM health_internal.failure_retrainings AS tried
        WHERE tried.horizon = p_horizon AND tried.tried_at >= p_now - interval '20 hours'
    ) THEN
        RETURN NULL;
    END IF;
    BEGIN
        PERFORM health.train_failure_model(p_horizon, p_now);
    EXCEPTION
        WHEN OTHERS THEN
            v_error := format('%s: %s (%s)', p_horizon, SQLERRM, SQLSTATE);
    END;
    INSERT INTO health_internal.failure_retrainings AS tried (horizon, tried_at, error)
    VALUES (p_horizon, p_now, left(v_error, 2000))
    ON CONFLICT (horizon) DO UPDATE SET tried_at = excluded.tried_at, error = excluded.error;
    -- Models nobody uses any more; the figures of the last ten of a horizon stay.
    DELETE FROM health.failure_models AS models
    WHERE models.horizon = p_horizon AND NOT models.is_active
        AND models.model_id NOT IN (
            SELECT latest.model_id
            FROM health.failure_models AS latest
            WHERE latest.horizon = p_horizon
            ORDER BY latest.model_id DESC
            LIMIT 10
        );
    RETURN v_error;
END;
$$;
COMMENT ON FUNCTION health_internal.retrain_failure_model(interval, timestamptz) IS
'Trains one horizon anew, unless that was tried within 20 hours or somebody trains; an error is kept in '
'failure_retrainings and returned, and the model in use stays.';

CREATE OR REPLACE PROCEDURE health.retrain_failure_models(
    p_now timestamptz DEFAULT clock_timestamp()
)
LANGUAGE plpgsql
AS $$
DECLARE
    v_horizon interval;
    v_error text;
BEGIN
    -- A loop, because each training is a transaction of its own: one that fails undoes no other.
    FOR v_horizon IN SELECT stale.horizon FROM health_internal.models_to_retrain(p_now) AS stale
    LOOP
        v_error := health_internal.retrain_failure_model(v_horizon, p_now);
        IF v_error IS NOT NULL THEN
            RAISE WARNING 'failure model not retrained: %', v_error
                USING HINT = 'The model in use stays.';
        END IF;
        COMMIT;
    END LOOP;
END;
$$;
COMMENT ON PROCEDURE health.retrain_failure_models(timestamptz) IS
'Trains every horizon anew that was trained before and not within 20 hours. A new model that is worse does not '
'replace the one in use; an error leaves it. Scheduled daily by pg_cron, else called by the bridge; call it outside '
'a transaction.';

GRANT EXECUTE ON FUNCTION
health_internal.models_to_retrain(timestamptz),
health_internal.retrain_failure_model(interval, timestamptz) TO health_bridge, health_admin;
GRANT EXECUTE ON PROCEDURE health.retrain_failure_models(timestamptz)
TO health_bridge, health_admin;

COMMIT;
