-- Hours for features: what agents told in an hour, kept when raw rows are dropped. An hour made twice is the same.
-- Called by health_internal.roll_up_step.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.beat_values_sql()
RETURNS text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(
        $sql$
        SELECT wide.agent_id, told.name, told.value_count, told.value_sum, told.square_sum
        FROM (
            SELECT beats.agent_id::text AS agent_id, %s
            FROM health_internal.raw_beats('-infinity', '-infinity', NULL) AS beats
            WHERE beats.received_at > $1 - interval '1 hour' AND beats.received_at <= $1
            GROUP BY beats.agent_id
        ) AS wide
        CROSS JOIN LATERAL (VALUES %s) AS told (name, value_count, value_sum, square_sum)
        WHERE told.value_count > 0
        $sql$,
        string_agg(
            health_internal.beat_sums_sql(measures.expression, measures.is_counter, measures.place),
            ', ' ORDER BY measures.place
        ),
        string_agg(
            format(
                '(%L, n%2$s, a%2$s, b%2$s)', health_internal.series_key('heartbeat', measures.name),
                measures.place
            ),
            ', ' ORDER BY measures.place
        )
    )
    FROM (
        SELECT told.*, row_number() OVER () AS place FROM health_internal.heartbeat_measures() AS told
    ) AS measures;
$$;
COMMENT ON FUNCTION health_internal.beat_values_sql() IS
'Query of what heartbeats told in the hour that ends at $1: agent_id, name (series_key), value_count, '
'value_sum, square_sum as in series_hours.';

CREATE OR REPLACE FUNCTION health_internal.roll_up_series(p_until timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
    -- What enters the text are literals made by format, never a name.
    -- @plpgsql_check_options: security_warnings = off
    EXECUTE format(
        $sql$
        WITH told AS MATERIALIZED (
            SELECT ranked.*
            FROM (
                SELECT
                    sums.*,
                    count(*) OVER (PARTITION BY sums.agent_id) AS series_count,
                    row_number() OVER (
                        PARTITION BY sums.agent_id ORDER BY sums.value_count DESC, sums.name COLLATE "C"
                    ) AS place
                FROM (
                    SELECT
                        logged.agent_id, logged.name, count(*) AS value_count,
                        sum(logged.metric_value) AS value_sum,
                        regr_sxx(logged.metric_value, logged.metric_value) AS square_sum
                    FROM health_internal.raw_metrics('-infinity', '-infinity', NULL) AS logged
                    WHERE logged.received_at > $1 - interval '1 hour' AND logged.received_at <= $1
                    GROUP BY logged.agent_id, logged.name
                    UNION ALL
                    (%s)
                ) AS sums
                WHERE health_internal.is_watched(sums.agent_id)
            ) AS ranked
            WHERE ranked.place <= 64
        ),

        fresh AS (
            INSERT INTO health_internal.series_names (name)
            SELECT DISTINCT told.name
            FROM told
            WHERE NOT EXISTS (SELECT FROM health_internal.series_names AS known WHERE known.name = told.name)
            ON CONFLICT (name) DO NOTHING
            RETURNING name_id, name
        )

        INSERT INTO health_internal.series_hours (
            until_at, agent_id, name_ids, value_counts, value_sums, square_sums, left_out_count
        )
        SELECT
            $1, told.agent_id, array_agg(names.name_id ORDER BY told.place),
            array_agg(told.value_count::integer ORDER BY told.place),
            array_agg(told.value_sum ORDER BY told.place), array_agg(told.square_sum ORDER BY told.place),
            max(told.series_count) - count(*)
        FROM told
        INNER JOIN (
            SELECT fresh.name_id, fresh.name FROM fresh
            UNION ALL
            SELECT known.name_id, known.name FROM health_internal.series_names AS known
        ) AS names ON told.name = names.name
        GROUP BY told.agent_id
        $sql$,
        health_internal.beat_values_sql()
    )
    USING p_until;
END;
$$;
COMMENT ON FUNCTION health_internal.roll_up_series(timestamptz) IS
'Writes the rows of series_hours of the hour that ends then, of which there are none yet.';

CREATE OR REPLACE FUNCTION health_internal.roll_up_features(p_until timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
    DELETE FROM health_internal.series_hours AS hours WHERE hours.until_at = p_until;
    DELETE FROM health_internal.event_hours AS hours WHERE hours.until_at = p_until;
    PERFORM health_internal.roll_up_series(p_until);

    INSERT INTO health_internal.event_hours (until_at, agent_id, family, name, event_count, last_at)
    SELECT p_until, named.agent_id, named.family, named.name, sum(named.event_count), max(named.last_at)
    FROM (
        SELECT
            kinds.agent_id, kinds.family, kinds.event_count, kinds.last_at,
            CASE
                WHEN row_number() OVER (
                    PARTITION BY kinds.agent_id ORDER BY kinds.event_count DESC, kinds.family, kinds.name
                ) <= 64 THEN kinds.name
                ELSE 'others'
            END AS name
        FROM (
            SELECT
                history.agent_id, history.family, history.name, count(*) AS event_count,
                max(history.told_at) AS last_at
            FROM (
                SELECT logged.agent_id, logged.told_at, logged.family, logged.name
                FROM health_internal.logged_events AS logged
                UNION ALL
                SELECT beats.agent_id::text, beats.received_at, 'restart', ''
                FROM health_internal.raw_beats('-infinity', '-infinity', NULL) AS beats
                WHERE beats.state = 'initializing'
            ) AS history
            WHERE history.told_at > p_until - interval '1 hour' AND history.told_at <= p_until
                AND health_internal.is_watched(history.agent_id)
            GROUP BY history.agent_id, history.family, history.name
        ) AS kinds
    ) AS named
    GROUP BY named.agent_id, named.family, named.name;

    INSERT INTO health_internal.past_failures (told_at, agent_id, failed_at, name)
    SELECT logged.told_at, logged.agent_id, logged.failed_at, logged.name
    FROM health_internal.logged_failures AS logged
    WHERE logged.told_at > p_until - interval '1 hour' AND logged.told_at <= p_until
    ON CONFLICT (told_at, agent_id, failed_at, name) DO NOTHING;
END;
$$;
COMMENT ON FUNCTION health_internal.roll_up_features(timestamptz) IS
'Makes series_hours, event_hours and past_failures of the hour that ends then, anew where they are there.';

CREATE OR REPLACE FUNCTION health_internal.roll_up_next_features(p_until timestamptz)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_next timestamptz;
BEGIN
    -- The first time: from the first raw row that may be dropped on.
    UPDATE health_internal.feature_hours_state AS state
    SET rolled_from = began.at, rolled_until = began.at
    FROM (
        SELECT greatest(
            date_trunc('hour', least(min(partitions.from_at), p_until), 'UTC'),
            date_trunc('hour', p_until - 2 * settings.raw_retention, 'UTC')
        ) AS at
        FROM health.settings
        LEFT JOIN health_internal.partitions ON NOT partitions.is_history
        GROUP BY settings.raw_retention
    ) AS began
    WHERE state.rolled_from = 'infinity';
    UPDATE health_internal.feature_hours_state AS state
    SET rolled_until = state.rolled_until + interval '1 hour'
    WHERE state.rolled_until + interval '1 hour' <= p_until
    RETURNING state.rolled_until INTO v_next;
    IF v_next IS NULL THEN
        RETURN false;
    END IF;
    PERFORM health_internal.roll_up_features(v_next);
    RETURN true;
END;
$$;
COMMENT ON FUNCTION health_internal.roll_up_next_features(timestamptz) IS
'Makes the next hour of features that is over by then; false where there is none.';

CREATE OR REPLACE FUNCTION health_internal.sweep_features(p_now timestamptz)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    DELETE FROM health_internal.series_hours AS hours
    USING health.business_settings AS settings
    WHERE hours.until_at <= p_now - settings.hour_retention;
    DELETE FROM health_internal.event_hours AS hours
    USING health.business_settings AS settings
    WHERE hours.until_at <= p_now - settings.hour_retention;
    DELETE FROM health_internal.past_failures AS failures
    USING health.business_settings AS settings
    WHERE failures.told_at <= p_now - settings.day_retention;
    -- Names that an agent made up once: looked for only where there are many.
    DELETE FROM health_internal.series_names AS names
    WHERE (SELECT count(*) FROM health_internal.series_names) > 10000
        AND names.name_id NOT IN (
            SELECT used.name_id FROM health_internal.series_hours AS hours
            CROSS JOIN LATERAL unnest(hours.name_ids) AS used (name_id)
        );
$$;
COMMENT ON FUNCTION health_internal.sweep_features(timestamptz) IS
'Removes hours of features past hour_retention, failures past day_retention, and, where there are more than 10,000 '
'names of series, those that no hour has.';

COMMIT;
