-- What splits gain: one GROUP BY GROUPING SETS over binned features sums gradients and hessians of every bin of every
-- feature. Each level of a tree asks it, and the choice of features.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.gains_sql(
    p_table text, p_features integer [], p_bin_count integer, p_node text, p_first_node integer
)
RETURNS text
LANGUAGE sql
IMMUTABLE
AS $$
    SELECT format(
        $sql$
        WITH histogram AS (
            -- In the set (node, b7) all other b are NULL, so that coalesce names feature and bin.
            SELECT placed.node, coalesce(%1$s) AS bin, sum(placed.g) AS g, sum(placed.h) AS h
            FROM (
                SELECT %2$s AS node, ($1)[rn] AS g, ($2)[rn] AS h, %1$s
                FROM %3$I
                WHERE ($2)[rn] > 0
            ) AS placed
            WHERE placed.node >= %4$s
            GROUP BY GROUPING SETS ((placed.node), %5$s)
        ),

        -- To the right of a split at bin b is every bin from b on.
        split AS (
            SELECT
                histogram.node, histogram.bin,
                sum(histogram.g) OVER from_right AS right_g,
                sum(histogram.h) OVER from_right AS right_h
            FROM histogram
            WHERE histogram.bin IS NOT NULL
            WINDOW from_right AS (
                PARTITION BY histogram.node, histogram.bin / %6$s ORDER BY histogram.bin DESC
                ROWS UNBOUNDED PRECEDING
            )
        ),

        gains AS (
            SELECT
                split.node, split.bin, whole.g, whole.h, split.right_g, split.right_h,
                split.right_g ^ 2 / (split.right_h + 1)
                + (whole.g - split.right_g) ^ 2 / (whole.h - split.right_h + 1)
                - whole.g ^ 2 / (whole.h + 1) AS gain
            FROM split
            INNER JOIN (
                SELECT histogram.node, histogram.g, histogram.h FROM histogram WHERE histogram.bin IS NULL
            ) AS whole USING (node)
            WHERE split.bin %% %6$s > 0
                AND split.right_h >= $3
                AND whole.h - split.right_h >= $3
        )

        $sql$,
        string_agg('b' || features.feature, ', ' ORDER BY features.feature),
        p_node,
        p_table,
        p_first_node,
        string_agg(format('(placed.node, b%s)', features.feature), ', ' ORDER BY features.feature),
        p_bin_count
    )
    FROM unnest(p_features) AS features (feature);
$$;
COMMENT ON FUNCTION health_internal.gains_sql(text, integer [], integer, text, integer) IS
'Common table expression "gains" of every split of every node from p_first_node on: $1 gradients, $2 hessians by '
'rn, $3 the least hessian of a side. gain = G_r²/(H_r+1) + G_l²/(H_l+1) - G²/(H+1).';

CREATE OR REPLACE FUNCTION health_internal.rank_features(
    p_model_id bigint, p_table text, p_bin_count integer
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '128MB'
SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
    v_gradients double precision [];
    v_hessians double precision [];
    v_features integer [];
BEGIN
    -- What enters the text are numbers and literals made by format, never a name.
    -- @plpgsql_check_options: security_warnings = off
    EXECUTE format(
        $sql$
        SELECT array_agg(rows.g ORDER BY rows.rn), array_agg(rows.h ORDER BY rows.rn)
        FROM (
            SELECT binned.rn, mean.y - binned.y AS g,
                CASE WHEN binned.part = 'train' THEN mean.y * (1 - mean.y) ELSE 0 END AS h
            FROM %1$I AS binned
            CROSS JOIN (SELECT avg(taught.y)::float8 AS y FROM %1$I AS taught WHERE taught.part = 'train') AS mean
        ) AS rows
        $sql$,
        p_table
    )
    INTO v_gradients, v_hessians;
    -- A loop over portions, so that no statement holds hundreds of hash tables.
    FOR v_portion IN 0 .. 3
    LOOP
        v_features := ARRAY(
            SELECT features.feature
            FROM health_internal.failure_features AS features
            WHERE features.model_id = p_model_id AND features.feature % 4 = v_portion
        );
        CONTINUE WHEN v_features = '{}';
        EXECUTE health_internal.gains_sql(p_table, v_features, p_bin_count, '1', 1) || format(
            $sql$
            UPDATE health_internal.failure_features AS features
            SET gain = best.gain
            FROM (
                SELECT gains.bin / %s AS feature, max(gains.gain) AS gain FROM gains GROUP BY 1
            ) AS best
            WHERE features.model_id = $4 AND features.feature = best.feature
            $sql$,
            p_bin_count
        )
        USING v_gradients, v_hessians, 0.2, p_model_id;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION health_internal.rank_features(bigint, text, integer) IS
'Sets the gain of each feature to that of its best single split of the rows that teach.';

COMMIT;
