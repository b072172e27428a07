-- Newton-boosted trees (logistic loss), grown by SQL aggregates: each level of a tree is one GROUP BY GROUPING
-- SETS over binned features. Scores, gradients and hessians are arrays in variables, indexed by row number, and
-- the growing tree is the text of a CASE over bins that says in which node a row lies: no row is ever updated.
-- The idea of trees by aggregates is JoinBoost's (Huang and others, VLDB 2023).
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.grow_trees(
    p_model_id bigint,
    p_table text,
    p_parameters jsonb,
    p_max_trees integer,
    p_patience integer,
    OUT base double precision,
    OUT tree_count integer,
    OUT scores double precision [],
    OUT losses double precision []
)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET extra_float_digits = 1
SET jit = off
SET work_mem = '64MB'
SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
    v_bins constant integer := (p_parameters ->> 'bins')::integer;
    v_depth constant integer := (p_parameters ->> 'depth')::integer;
    v_rate constant double precision := (p_parameters ->> 'learning_rate')::double precision;
    v_row_share constant double precision := (p_parameters ->> 'row_share')::double precision;
    v_column_share constant double precision := (p_parameters ->> 'column_share')::double precision;
    v_seed constant bigint := (p_parameters ->> 'seed')::bigint;
    v_features integer [];
    v_all_features integer [];
    v_scores double precision [];
    v_gradients double precision [];
    v_hessians double precision [];
    v_mean_error double precision;
    v_loss double precision;
    v_best double precision := 'infinity'::double precision;
    v_added text;
    v_place text;
    v_node integer;
    v_bin integer;
    v_g double precision;
    v_h double precision;
    v_right_g double precision;
    v_right_h double precision;
    v_gain double precision;
    v_count integer;
    v_values double precision [];
    v_split_by integer [];
    v_split_at integer [];
    v_gains double precision [];
BEGIN
    -- What enters the text are numbers and literals made by format, never a name.
    -- @plpgsql_check_options: security_warnings = off
    DELETE FROM health_internal.failure_nodes AS nodes WHERE nodes.model_id = p_model_id;
    EXECUTE format(
        $sql$
        SELECT ln(avg(y) / (1 - avg(y))), 2 * avg(y) * (1 - avg(y)) FROM %I WHERE part = 'train'
        $sql$,
        p_table
    )
    INTO base, v_mean_error;
    v_all_features := ARRAY(
        SELECT features.feature
        FROM health_internal.failure_features AS features
        WHERE features.model_id = p_model_id
        ORDER BY features.feature
    );
    v_added := format('%L::float8', base);
    losses := '{}';
    tree_count := 0;
    FOR v_tree IN 1 .. p_max_trees + 1
    LOOP
        -- Adds the last tree to the scores. A row enters the next one with a chance that grows with its
        -- error, weighted by the inverse, so that sums stay unbiased; the draw is a hash, so that the same
        -- rows give the same model.
        EXECUTE format(
            $sql$
            SELECT
                array_agg(drawn.s ORDER BY drawn.rn),
                array_agg((drawn.p - drawn.y) * drawn.w ORDER BY drawn.rn),
                array_agg(drawn.p * (1 - drawn.p) * drawn.w ORDER BY drawn.rn),
                avg(abs(drawn.p - drawn.y)) FILTER (WHERE drawn.part = 'train'),
                avg(ln(1 + exp(CASE drawn.y WHEN 1 THEN -drawn.s ELSE drawn.s END)))
                FILTER (WHERE drawn.part = 'choose')
            FROM (
                SELECT chances.*, CASE
                    WHEN chances.part <> 'train' THEN 0
                    WHEN (hashint4extended(chances.rn, $2) & 1048575) / 1048576.0 < chances.chance
                        THEN 1 / chances.chance
                    ELSE 0
                END AS w
                FROM (
                    SELECT scored.*,
                        least(1, $3 * (0.3 + 0.7 * abs(scored.p - scored.y) / $4)) AS chance
                    FROM (
                        SELECT moved.*, 1 / (1 + exp(-moved.s)) AS p
                        FROM (
                            SELECT rn, y, part,
                                greatest(-30, least(30, coalesce(($1)[rn], 0) + %s)) AS s
                            FROM %I
                            ORDER BY rn
                        ) AS moved
                        OFFSET 0
                    ) AS scored
                    OFFSET 0
                ) AS chances
                OFFSET 0
            ) AS drawn
            $sql$,
            v_added, p_table
        )
        INTO v_scores, v_gradients, v_hessians, v_mean_error, v_loss
        USING v_scores, v_seed * 100000 + v_tree, v_row_share, v_mean_error;
        losses := losses || v_loss;
        IF p_patience IS NULL OR v_loss < v_best THEN
            v_best := v_loss;
            tree_count := v_tree - 1;
            scores := v_scores;
        END IF;
        EXIT WHEN v_tree > p_max_trees
            OR v_tree - 1 - tree_count >= p_patience
            OR v_mean_error < 1e-9;
        v_features := ARRAY(
            SELECT features.feature
            FROM unnest(v_all_features) AS features (feature)
            ORDER BY hashint4extended(features.feature, v_seed * 100000 + v_tree), features.feature
            LIMIT ceil(cardinality(v_all_features) * v_column_share)
        );

        v_place := '<1>';
        v_count := 0;
        v_values := array_fill(NULL::double precision, ARRAY[2 ^ (v_depth + 1)]::integer []);
        v_split_by := array_fill(NULL::integer, ARRAY[2 ^ (v_depth + 1)]::integer []);
        v_split_at := v_split_by;
        v_gains := v_values;
        FOR v_level IN 0 .. v_depth - 1
        LOOP
            v_count := 0;
            FOR v_node, v_bin, v_g, v_h, v_right_g, v_right_h, v_gain IN EXECUTE health_internal.gains_sql(
                p_table, v_features, v_bins, regexp_replace(v_place, '[<>](?=\d)|(?<=\d)>', '', 'g'),
                (2 ^ v_level)::integer
            ) || $sql$
                SELECT DISTINCT ON (gains.node)
                    gains.node, gains.bin::integer, gains.g, gains.h, gains.right_g, gains.right_h, gains.gain
                FROM gains
                WHERE gains.gain > 1e-6
                ORDER BY gains.node, gains.gain DESC, gains.bin
            $sql$
            USING v_gradients, v_hessians, (p_parameters ->> 'least_hessian')::double precision
            LOOP
                v_count := v_count + 1;
                v_split_by[v_node] := v_bin / v_bins;
                v_split_at[v_node] := v_bin % v_bins;
                v_gains[v_node] := v_gain;
                v_values[v_node] := -v_rate * v_g / (v_h + 1);
                v_values[2 * v_node] := -v_rate * (v_g - v_right_g)
                    / (v_h - v_right_h + 1);
                v_values[2 * v_node + 1] := -v_rate * v_right_g / (v_right_h + 1);
                v_place := replace(v_place, format('<%s>', v_node), format(
                    'CASE WHEN b%s >= %s THEN <%s> ELSE <%s> END',
                    v_bin / v_bins, v_bin, 2 * v_node + 1, 2 * v_node
                ));
            END LOOP;
            EXIT WHEN v_count = 0;
        END LOOP;
        EXIT WHEN v_place = '<1>';
        v_added := v_place;
        FOR v_leaf IN 2 .. cardinality(v_values)
        LOOP
            IF v_values[v_leaf] IS NOT NULL AND v_split_by[v_leaf] IS NULL THEN
                v_added := replace(
                    v_added, format('<%s>', v_leaf), format('%L::float8', v_values[v_leaf])
                );
            END IF;
        END LOOP;
        INSERT INTO health_internal.failure_nodes (model_id, tree, node, feature, cut, gain, value)
        SELECT
            p_model_id, v_tree, grown.node, grown.feature, features.cuts[grown.place], grown.gain,
            grown.value
        FROM unnest(v_split_by, v_split_at, v_gains, v_values)
            WITH ORDINALITY AS grown (feature, place, gain, value, node)
        LEFT JOIN health_internal.failure_features AS features
            ON features.model_id = p_model_id AND features.feature = grown.feature
        WHERE grown.value IS NOT NULL;
    END LOOP;
    DELETE FROM health_internal.failure_nodes AS nodes
    WHERE nodes.model_id = p_model_id AND nodes.tree > tree_count;
END;
$$;
COMMENT ON FUNCTION health_internal.grow_trees(bigint, text, jsonb, integer, integer) IS
'Grows boosted trees on the rows of part train into failure_nodes; with p_patience it ends when the loss of the '
'rows of part choose has not fallen for so many trees, and keeps those up to the least. Returns the base and, by '
'rn, the log-odds of every row of the table.';

COMMIT;
