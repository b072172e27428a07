-- Which rows a model is trained on: what record there is, how far apart rows stand, and where the last one stands.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.hourly_series(
    p_from timestamptz,
    p_until timestamptz,
    p_rolled_from timestamptz,
    p_rolled_until timestamptz,
    p_kept tstzmultirange
)
RETURNS TABLE (agent_id text, name text, until_at timestamptz, value_count integer)
LANGUAGE sql
STABLE
AS $$
    SELECT hours.agent_id::text, names.name::text, hours.until_at, told.value_count
    FROM health_internal.series_hours AS hours
    CROSS JOIN LATERAL unnest(hours.name_ids, hours.value_counts) AS told (name_id, value_count)
    INNER JOIN health_internal.series_names AS names ON told.name_id = names.name_id
    WHERE hours.until_at > greatest(p_from, p_rolled_from) AND hours.until_at <= least(p_until, p_rolled_until)
        AND (hours.until_at - interval '30 minutes' <@ p_kept) IS NOT TRUE;
$$;
COMMENT ON FUNCTION health_internal.hourly_series(
    timestamptz, timestamptz, timestamptz, timestamptz, tstzmultirange
) IS
'Which series (series_key) the hours between two times hold, by feature_bounds, and how many values of each.';

CREATE OR REPLACE FUNCTION health_internal.record_of(
    p_until timestamptz,
    p_rolled_from timestamptz,
    p_rolled_until timestamptz,
    p_kept tstzmultirange,
    OUT first_at timestamptz,
    OUT last_at timestamptz,
    OUT cadence_seconds double precision,
    OUT agent_seconds double precision,
    OUT agent_count integer,
    OUT last_times timestamptz [],
    OUT has_hours boolean
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- The series of most agents stands for the rest: a metric, or the heartbeats.
    WITH named AS (
        SELECT told.agent_id, told.name, min(told.first_at) AS first_at, max(told.last_at) AS last_at,
            sum(told.value_count) AS value_count
        FROM (
            SELECT logged.agent_id, logged.name, min(logged.received_at) AS first_at,
                max(logged.received_at) AS last_at, count(*) AS value_count
            FROM health_internal.raw_metrics(p_rolled_from, p_rolled_until, p_kept) AS logged
            WHERE logged.received_at <= p_until
            GROUP BY logged.agent_id, logged.name
            UNION ALL
            SELECT beats.agent_id::text, '', min(beats.received_at), max(beats.received_at), count(*)
            FROM health_internal.raw_beats(p_rolled_from, p_rolled_until, p_kept) AS beats
            WHERE beats.received_at <= p_until
            GROUP BY beats.agent_id
            UNION ALL
            SELECT hours.agent_id, hours.name, min(hours.until_at), max(hours.until_at), sum(hours.value_count)
            FROM health_internal.hourly_series(
                '-infinity', p_until, p_rolled_from, p_rolled_until, p_kept
            ) AS hours
            GROUP BY hours.agent_id, hours.name
        ) AS told
        WHERE health_internal.is_watched(told.agent_id)
        GROUP BY told.agent_id, told.name
    ),

    paced AS (
        SELECT
            named.*,
            date_part('epoch', named.last_at - named.first_at) AS seconds,
            date_part('epoch', named.last_at - named.first_at) / nullif(named.value_count - 1, 0) AS gap
        FROM named
    ),

    chosen AS (
        SELECT
            paced.name,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY paced.gap) AS gap,
            sum(paced.seconds) AS agent_seconds,
            count(*) AS agent_count
        FROM paced
        GROUP BY paced.name
        ORDER BY count(*) DESC, sum(paced.value_count) DESC, paced.name
        LIMIT 1
    ),

    told AS (
        SELECT min(history.told_at) AS first_at, max(history.told_at) AS last_at,
            count(DISTINCT history.agent_id) AS agent_count
        FROM health_internal.agent_history(p_rolled_from, p_rolled_until, p_kept) AS history
        WHERE history.told_at <= p_until AND health_internal.is_watched(history.agent_id)
    )

    SELECT
        coalesce(min(paced.first_at), (SELECT told.first_at FROM told)),
        greatest(max(paced.last_at), (SELECT told.last_at FROM told)),
        (SELECT chosen.gap FROM chosen),
        coalesce(
            (SELECT chosen.agent_seconds FROM chosen),
            (SELECT told.agent_count * date_part('epoch', told.last_at - told.first_at) FROM told)
        ),
        coalesce((SELECT chosen.agent_count FROM chosen), (SELECT told.agent_count FROM told)),
        ARRAY(
            SELECT told_last.last_at
            FROM paced AS told_last
            INNER JOIN chosen ON told_last.name = chosen.name
            ORDER BY told_last.last_at DESC
            LIMIT 1000
        ),
        EXISTS (
            SELECT FROM health_internal.series_hours AS hours
            WHERE hours.until_at > p_rolled_from AND hours.until_at <= least(p_until, p_rolled_until)
        )
    FROM paced;
$$;
COMMENT ON FUNCTION health_internal.record_of(timestamptz, timestamptz, timestamptz, tstzmultirange) IS
'What was recorded until then, by feature_bounds: from when to when, the median gap between values of the series '
'that most agents have, for how many agent-seconds, of how many agents, when it was last told, and whether some of it '
'is left by the hour only.';

CREATE OR REPLACE FUNCTION health_internal.choose_step(
    p_horizon interval,
    p_cadence_seconds double precision,
    p_agent_seconds double precision,
    p_agent_count integer,
    p_max_rows integer
)
RETURNS interval
LANGUAGE sql
IMMUTABLE
AS $$
    -- The finest step that the data carry, a tenth of the horizon at least, that keeps within the rows.
    SELECT make_interval(secs => coalesce(
        min(steps.seconds) FILTER (
            WHERE p_agent_seconds / steps.seconds + p_agent_count <= p_max_rows
        ),
        max(steps.seconds)
    ))
    FROM unnest(ARRAY[
        60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 259200, 604800
    ]::double precision []) AS steps (seconds)
    WHERE steps.seconds >= least(604800, greatest(
        0.9 * coalesce(p_cadence_seconds, 0), date_part('epoch', p_horizon) / 10
    ))
        AND steps.seconds <= greatest(
            60,
            least(86400, date_part('epoch', p_horizon)),
            -- Where even these are finer than the data.
            least(604800, 2.8 * coalesce(p_cadence_seconds, 0)),
            date_part('epoch', p_horizon) / 4
        );
$$;
COMMENT ON FUNCTION health_internal.choose_step(
    interval, double precision, double precision, integer, integer
) IS
'Time between two rows of an agent, if the caller names none: from 1 minute to 1 week, not finer than the data '
'or than a tenth of the horizon, and a day or the horizon at most unless the data are coarser.';

CREATE OR REPLACE FUNCTION health_internal.choose_anchor(
    p_end timestamptz,
    p_step interval,
    p_cadence_seconds double precision,
    p_last_times timestamptz []
)
RETURNS timestamptz
LANGUAGE sql
IMMUTABLE
AS $$
    -- Where values come about as seldom as rows, a row stands at the time of a value, as whoever asks then
    -- will; else rows count back from the end of the record.
    SELECT CASE
        WHEN p_cadence_seconds >= 0.5 * date_part('epoch', p_step) THEN coalesce(
            (
                SELECT p_end - make_interval(secs => phases.seconds_back::double precision)
                FROM (
                    SELECT round((date_part('epoch', p_end - times.last_at))::numeric, 6)
                        % date_part('epoch', p_step)::numeric AS seconds_back
                    FROM unnest(p_last_times) AS times (last_at)
                ) AS phases
                GROUP BY phases.seconds_back
                ORDER BY count(*) DESC, phases.seconds_back
                LIMIT 1
            ),
            p_end
        )
        ELSE p_end
    END;
$$;
COMMENT ON FUNCTION health_internal.choose_anchor(
    timestamptz, interval, double precision, timestamptz []
) IS
'Time of the last row, from which the others count back in steps.';

CREATE OR REPLACE FUNCTION health_internal.training_grid(
    p_horizon interval,
    p_until timestamptz,
    p_step interval,
    p_max_rows integer,
    OUT step interval,
    OUT anchor timestamptz,
    OUT first_k integer,
    OUT last_at timestamptz
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_bounds record;
    v_record record;
BEGIN
    -- Rows an hour apart or more may come from hours, and stand at their ends.
    SELECT bounds.*
    INTO v_bounds
    FROM health_internal.feature_bounds(coalesce(p_step, p_horizon / 4)) AS bounds;
    SELECT found.*
    INTO v_record
    FROM health_internal.record_of(p_until, v_bounds.rolled_from, v_bounds.rolled_until, v_bounds.kept) AS found;
    IF v_record.first_at IS NULL THEN
        RETURN;
    END IF;
    IF v_record.has_hours THEN
        v_record.cadence_seconds := greatest(3600, v_record.cadence_seconds);
    END IF;
    step := coalesce(
        make_interval(secs => date_part('epoch', p_step)),
        health_internal.choose_step(
            p_horizon, v_record.cadence_seconds, v_record.agent_seconds, v_record.agent_count, p_max_rows
        )
    );
    -- Beyond the last row nothing is known, of failures neither.
    last_at := least(p_until, v_record.last_at);
    anchor := health_internal.choose_anchor(last_at, step, v_record.cadence_seconds, v_record.last_times);
    IF v_record.has_hours THEN
        anchor := date_trunc('hour', anchor, 'UTC');
    END IF;
    first_k := greatest(
        -floor(date_part('epoch', anchor - v_record.first_at) / date_part('epoch', step)),
        -20.0 * p_max_rows / greatest(v_record.agent_count, 1) - 1000
    )::integer;
END;
$$;
COMMENT ON FUNCTION health_internal.training_grid(interval, timestamptz, interval, integer) IS
'Where the rows of a training stand: at anchor + k · step from first_k to 0, and until when the record reaches; NULL: '
'nothing was recorded.';

COMMIT;
