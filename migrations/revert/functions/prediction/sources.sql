BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.beat_sums_sql(text, boolean, bigint);
DROP FUNCTION health_internal.series_key(text, text);
DROP FUNCTION health_internal.heartbeat_measures();
DROP FUNCTION health_internal.is_watched(text);
DROP FUNCTION health_internal.agent_history(timestamptz, timestamptz, tstzmultirange);
DROP VIEW health_internal.logged_events;
DROP VIEW health_internal.failure_moments;
DROP VIEW health_internal.logged_failures;
DROP FUNCTION health_internal.raw_beats(timestamptz, timestamptz, tstzmultirange);
DROP FUNCTION health_internal.raw_metrics(timestamptz, timestamptz, tstzmultirange);
DROP FUNCTION health_internal.feature_bounds(interval);

COMMIT;
