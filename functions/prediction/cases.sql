-- From the record to numbered cases with labels: which rows there are, whether a failure followed, and which
-- agents and times teach, which choose, and which test. They live in temporary tables of the training.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.make_cases(
    p_model_id bigint,
    p_horizon interval,
    p_anchor timestamptz,
    p_step interval,
    p_first integer,
    p_last integer,
    p_end timestamptz,
    p_max_rows integer
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '64MB'
SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
    v_bounds record;
    v_count bigint;
BEGIN
    SELECT bounds.* INTO v_bounds FROM health_internal.feature_bounds(p_step) AS bounds;
    EXECUTE 'CREATE TEMPORARY TABLE failure_rows ON COMMIT DROP AS '
        || health_internal.features_of_steps_sql(p_model_id)
    USING p_anchor, p_step, p_first, p_last, v_bounds.rolled_from, v_bounds.rolled_until, v_bounds.kept;
    -- A row whose horizon passes the end of the record has no label, and teaches nothing.
    EXECUTE $sql$
        CREATE TEMPORARY TABLE failure_cases ON COMMIT DROP AS
        SELECT labelled.*, NULL::text AS part
        FROM (
            SELECT
                failure_rows.agent_id,
                failure_rows.k,
                $1 + $2 * failure_rows.k AS at,
                (ahead.agent_id IS NOT NULL)::integer::smallint AS y,
                row_number() OVER (
                    ORDER BY hashtextextended(failure_rows.agent_id || ' ' || failure_rows.k, 1),
                    failure_rows.agent_id, failure_rows.k
                ) AS place
            FROM failure_rows
            LEFT JOIN (
                SELECT DISTINCT failures.agent_id, before.k
                FROM health_internal.failure_moments AS failures
                CROSS JOIN LATERAL generate_series(
                    ceil(date_part('epoch', failures.failed_at - $3 - $1) / date_part('epoch', $2))::integer,
                    ceil(date_part('epoch', failures.failed_at - $1) / date_part('epoch', $2))::integer - 1
                ) AS before (k)
                WHERE failures.failed_at > $1 + $2 * $5 AND failures.failed_at <= $4
                    AND failures.told_at <= $4
            ) AS ahead USING (agent_id, k)
            WHERE $1 + $2 * failure_rows.k + $3 <= $4
        ) AS labelled
        WHERE labelled.place <= $6
    $sql$
    USING p_anchor, p_step, p_horizon, p_end, p_first, p_max_rows;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.make_cases(
    bigint, interval, timestamptz, interval, integer, integer, timestamptz, integer
) IS
'Makes failure_rows (all features) and failure_cases (agent_id, k, at, y, place: y = 1 where the agent failed in '
'(at, at + horizon]), at most p_max_rows by a hash; returns how many cases.';

CREATE OR REPLACE FUNCTION health_internal.split_cases(p_horizon interval)
RETURNS timestamptz
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    v_cut timestamptz;
BEGIN
    EXECUTE $sql$
        SELECT percentile_disc(0.6) WITHIN GROUP (ORDER BY failure_cases.at)
        FROM failure_cases
        WHERE failure_cases.y = 1
    $sql$
    INTO v_cut;
    -- Agents that failed and agents that did not are dealt out alike: half teach, a fifth chooses, the rest
    -- test, and only after the time into which the others' horizons reach.
    EXECUTE $sql$
        UPDATE failure_cases
        SET part = CASE
            WHEN dealt.part = 'test' THEN CASE WHEN failure_cases.at > $1 THEN 'test' END
            WHEN failure_cases.at + $2 <= $1 THEN dealt.part
        END
        FROM (
            SELECT
                agents.agent_id,
                (ARRAY[
                    'train', 'test', 'choose', 'train', 'test', 'train', 'train', 'choose', 'test', 'train'
                ])[1 + (row_number() OVER (
                    PARTITION BY agents.is_failing
                    ORDER BY hashtextextended(agents.agent_id, 2), agents.agent_id
                ) - 1) % 10] AS part
            FROM (
                SELECT failure_cases.agent_id, max(failure_cases.y) = 1 AS is_failing
                FROM failure_cases
                GROUP BY failure_cases.agent_id
            ) AS agents
        ) AS dealt
        WHERE failure_cases.agent_id = dealt.agent_id
    $sql$
    USING v_cut, p_horizon;
    RETURN v_cut;
END;
$$;
COMMENT ON FUNCTION health_internal.split_cases(interval) IS
'Sets part of failure_cases: train and choose for rows whose horizon ends by the time that 60 % of the positive '
'rows lie before, test for other agents after it, NULL for the rest. Returns that time.';

CREATE OR REPLACE FUNCTION health_internal.make_cuts(p_model_id bigint, p_bin_count integer)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '64MB'
AS $$
DECLARE
    v_feature integer;
    v_cuts real [];
BEGIN
    -- Cuts know no label, so all rows may give them; a sample by hash says enough.
    EXECUTE $sql$
        CREATE TEMPORARY TABLE failure_sample ON COMMIT DROP AS
        SELECT failure_rows.*
        FROM failure_rows
        INNER JOIN failure_cases USING (agent_id, k)
        WHERE failure_cases.place <= 8000
    $sql$;
    -- A loop, because each feature is a column.
    FOR v_feature IN
        SELECT features.feature
        FROM health_internal.failure_features AS features
        WHERE features.model_id = p_model_id
        ORDER BY features.feature
    LOOP
        EXECUTE format(
            $sql$
            WITH above AS (
                SELECT
                    array_agg(DISTINCT seen.x ORDER BY seen.x) AS distinct_values,
                    percentile_disc(ARRAY(
                        SELECT part::float8 / ($1 - 1) FROM generate_series(0, $1 - 2) AS parts (part)
                    )) WITHIN GROUP (ORDER BY seen.x) AS quantiles
                FROM (SELECT %1$I AS x FROM failure_sample) AS seen
                CROSS JOIN (
                    SELECT min(%1$I) AS x, bool_or(%1$I IS NULL) AS has_gaps FROM failure_sample
                ) AS least
                WHERE seen.x > least.x OR (least.has_gaps AND seen.x IS NOT NULL)
            )

            SELECT CASE
                WHEN cardinality(above.distinct_values) < $1 THEN above.distinct_values
                ELSE ARRAY(SELECT DISTINCT cut FROM unnest(above.quantiles) AS cuts (cut) ORDER BY cut)
            END
            FROM above
            $sql$,
            'f' || v_feature
        )
        INTO v_cuts
        USING p_bin_count;
        UPDATE health_internal.failure_features AS features
        SET cuts = coalesce(v_cuts, '{}')
        WHERE features.model_id = p_model_id AND features.feature = v_feature;
    END LOOP;
    EXECUTE 'DROP TABLE failure_sample';
    DELETE FROM health_internal.failure_features AS features
    WHERE features.model_id = p_model_id AND features.cuts = '{}';
END;
$$;
COMMENT ON FUNCTION health_internal.make_cuts(bigint, integer) IS
'Sets where each feature may be split: its values where they are fewer than p_bin_count, else quantiles of those '
'above the least. Features with nothing to split by are removed.';

CREATE OR REPLACE FUNCTION health_internal.make_bins(
    p_model_id bigint, p_bin_count integer, p_parts text [], p_table text
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    v_columns text;
    v_count bigint;
BEGIN
    -- What enters the text are numbers and literals made by format, never a name.
    -- @plpgsql_check_options: security_warnings = off
    -- Column b7 holds 7 · bins + bin, so that the number alone names feature and bin. Bin 0 lies below the
    -- first cut, or is missing.
    SELECT string_agg(
        format(
            ', (%s + coalesce(width_bucket(f%s, %L::real []), 0))::smallint AS b%s',
            features.feature * p_bin_count, features.feature, features.cuts, features.feature
        ),
        '' ORDER BY features.feature
    )
    INTO v_columns
    FROM health_internal.failure_features AS features
    WHERE features.model_id = p_model_id;
    EXECUTE format(
        $sql$
        CREATE TEMPORARY TABLE %I ON COMMIT DROP AS
        SELECT
            row_number() OVER (ORDER BY failure_cases.place)::integer AS rn,
            failure_cases.place,
            failure_cases.y,
            CASE WHEN $1 IS NULL THEN 'train' ELSE failure_cases.part END AS part
            %s
        FROM failure_cases
        INNER JOIN failure_rows USING (agent_id, k)
        WHERE $1 IS NULL OR failure_cases.part = ANY ($1)
        ORDER BY failure_cases.place
        $sql$,
        p_table, v_columns
    )
    USING p_parts;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    EXECUTE format('ANALYZE %I', p_table);
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.make_bins(bigint, integer, text [], text) IS
'Makes a temporary table of the cases of these parts (NULL: all): rn from 1, place, y, part, and b1, b2, … with '
'feature · p_bin_count + bin. Returns how many rows.';

COMMIT;
