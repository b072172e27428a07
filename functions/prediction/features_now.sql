-- Features of one moment, for predicting: each source is read once, and what a series of an agent told in the windows
-- is summed in that one pass. They are what features_of_steps gives for the same step.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.features_now_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- An agent that fell silent is still predicted for the length of the windows, but teaches nothing.
    SELECT format(
        $sql$
        WITH of_series AS MATERIALIZED (
            SELECT series.agent_id %7$s FROM (%1$s) AS series GROUP BY series.agent_id
        ),

        of_fleet AS (SELECT count(*) AS agent_count %2$s FROM of_series),

        of_events AS (
            SELECT told.agent_id, max(told.told_at) > health_internal.step_end($1, $2, $4 - 7) AS is_seen %3$s
            FROM (%4$s) AS told
            GROUP BY told.agent_id
        ),

        of_agents AS (%5$s)

        SELECT found.agent_id, $4::integer AS k %8$s
        FROM (
            SELECT agent_id %6$s
            FROM of_series
            FULL JOIN of_events USING (agent_id)
            LEFT JOIN of_agents USING (agent_id)
            CROSS JOIN of_fleet
            WHERE (of_series.agent_id IS NOT NULL OR of_events.is_seen) AND health_internal.is_watched(agent_id)
            OFFSET 0
        ) AS found
        OFFSET 0
        $sql$,
        coalesce(
            health_internal.series_sql(p_model_id, format(
                $sql$
                SELECT told.agent_id, told.name, $4::integer AS k %s
                FROM (%s OFFSET 0) AS told
                GROUP BY told.agent_id, told.name
                $sql$,
                health_internal.window_sums_sql(p_model_id, true),
                health_internal.series_rows_sql(p_model_id)
            )),
            'SELECT NULL::text AS agent_id, 0 AS code WHERE false'
        ),
        columns.of_fleet,
        columns.of_events,
        coalesce(
            health_internal.event_rows_sql(p_model_id),
            'SELECT NULL::text AS agent_id, 0 AS code, NULL::timestamptz AS told_at WHERE false'
        ),
        health_internal.agent_facts_sql(columns.of_agents),
        columns.of_all,
        columns.of_series,
        columns.as_real
    )
    FROM health_internal.feature_columns(p_model_id, true) AS columns;
$$;
COMMENT ON FUNCTION health_internal.features_now_sql(bigint) IS
'Query of a model''s features at one step: as features_of_steps_sql with $3 = $4, and agents that told nothing for '
'up to six steps.';

COMMIT;
