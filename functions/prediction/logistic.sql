-- Logistic regression by Newton steps (ridge 1 on standardised features), the floor that trees must beat: each
-- step is two sums over the rows in SQL and a Cholesky solution in PL/pgSQL.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.solve_symmetric(
    p_upper double precision [], p_right double precision [], p_size integer
)
RETURNS double precision []
LANGUAGE plpgsql
IMMUTABLE
AS $$
DECLARE
    -- Row i of the upper triangle begins behind v_start[i], at column i.
    v_start integer [];
    a double precision [] := p_upper;
    x double precision [] := p_right;
    s double precision;
BEGIN
    FOR i IN 1 .. p_size
    LOOP
        v_start[i] := (i - 1) * p_size - (i - 1) * (i - 2) / 2 - i + 1;
    END LOOP;
    -- Loops over single numbers, because each needs the ones before it.
    FOR i IN 1 .. p_size
    LOOP
        s := sqrt(greatest(a[v_start[i] + i], 1e-10));
        a[v_start[i] + i] := s;
        FOR j IN i + 1 .. p_size
        LOOP
            a[v_start[i] + j] := a[v_start[i] + j] / s;
        END LOOP;
        FOR k IN i + 1 .. p_size
        LOOP
            s := a[v_start[i] + k];
            CONTINUE WHEN abs(s) < 1e-150;
            FOR j IN k .. p_size
            LOOP
                a[v_start[k] + j] := a[v_start[k] + j] - s * a[v_start[i] + j];
            END LOOP;
        END LOOP;
    END LOOP;
    FOR i IN 1 .. p_size
    LOOP
        x[i] := x[i] / a[v_start[i] + i];
        FOR j IN i + 1 .. p_size
        LOOP
            x[j] := x[j] - a[v_start[i] + j] * x[i];
        END LOOP;
    END LOOP;
    FOR i IN REVERSE p_size .. 1
    LOOP
        s := x[i];
        FOR j IN i + 1 .. p_size
        LOOP
            s := s - a[v_start[i] + j] * x[j];
        END LOOP;
        x[i] := s / a[v_start[i] + i];
    END LOOP;
    RETURN x;
END;
$$;
COMMENT ON FUNCTION health_internal.solve_symmetric(double precision [], double precision [], integer) IS
'Solves A x = b for a symmetric positive definite A given as its upper triangle, row by row (Cholesky).';

CREATE OR REPLACE FUNCTION health_internal.standardised(
    p_feature integer, p_mean double precision, p_scale double precision
)
RETURNS text
LANGUAGE sql
IMMUTABLE
SET extra_float_digits = 1
RETURN format(
    'greatest(-8, least(8, coalesce((f%s - %L::float8) / %L::float8, 0)))',
    p_feature, p_mean, p_scale
);
COMMENT ON FUNCTION health_internal.standardised(integer, double precision, double precision) IS
'Expression of a feature in standard deviations from its mean, held to 8; missing is the mean.';

CREATE OR REPLACE FUNCTION health_internal.fit_logistic(
    p_model_id bigint,
    p_parts text [],
    p_max_features integer,
    OUT base double precision,
    OUT step_count integer
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
    v_features integer [];
    v_size integer;
    v_columns text;
    v_weights double precision [];
    v_gradient double precision [];
    v_curvature double precision [];
    v_part double precision [];
    v_step double precision [];
    v_sums text [];
    v_sum text;
    v_score text;
    v_loss double precision;
    v_last double precision := 'infinity'::double precision;
BEGIN
    -- What enters the text are numbers and literals made by format, never a name.
    -- @plpgsql_check_options: security_warnings = off
    -- The number of sums grows with the square of the features.
    v_features := ARRAY(
        SELECT features.feature
        FROM health_internal.failure_features AS features
        WHERE features.model_id = p_model_id
        ORDER BY features.gain DESC, features.feature
        LIMIT p_max_features
    );
    v_size := cardinality(v_features) + 1;
    UPDATE health_internal.failure_features AS features
    SET mean = NULL, scale = NULL, weight = NULL
    WHERE features.model_id = p_model_id;
    EXECUTE (
        SELECT format(
            $sql$
            UPDATE health_internal.failure_features AS features
            SET mean = coalesce(moments.means[listed.place], 0),
                scale = CASE WHEN moments.spreads[listed.place] > 1e-12 THEN moments.spreads[listed.place] ELSE 1 END
            FROM (
                SELECT ARRAY[%s] AS means, ARRAY[%s] AS spreads
                FROM failure_cases
                INNER JOIN failure_rows USING (agent_id, k)
                WHERE $3 IS NULL OR failure_cases.part = ANY ($3)
            ) AS moments
            CROSS JOIN unnest($2) WITH ORDINALITY AS listed (feature, place)
            WHERE features.model_id = $1 AND features.feature = listed.feature
            $sql$,
            string_agg(format('avg(f%s::float8)', listed.feature), ', ' ORDER BY listed.place),
            string_agg(format('stddev_pop(f%s::float8)', listed.feature), ', ' ORDER BY listed.place)
        )
        FROM unnest(v_features) WITH ORDINALITY AS listed (feature, place)
    )
    USING p_model_id, v_features, p_parts;
    SELECT string_agg(
        format(
            ', %s AS x%s',
            health_internal.standardised(features.feature, features.mean, features.scale),
            listed.place + 1
        ),
        '' ORDER BY listed.place
    )
    INTO v_columns
    FROM unnest(v_features) WITH ORDINALITY AS listed (feature, place)
    INNER JOIN health_internal.failure_features AS features
        ON features.model_id = p_model_id AND features.feature = listed.feature;
    EXECUTE format(
        $sql$
        CREATE TEMPORARY TABLE failure_design ON COMMIT DROP AS
        SELECT failure_cases.y::float8 AS y, 1::float8 AS x1 %s
        FROM failure_cases
        INNER JOIN failure_rows USING (agent_id, k)
        WHERE $1 IS NULL OR failure_cases.part = ANY ($1)
        ORDER BY failure_cases.place
        $sql$,
        v_columns
    )
    USING p_parts;

    -- A statement holds at most some 1,600 sums.
    SELECT array_agg(pieces.statement ORDER BY pieces.piece)
    INTO v_sums
    FROM (
        SELECT
            pairs.piece,
            format(
                'SELECT ARRAY[%s] FROM (SELECT p * (1 - p) AS w, scored.* FROM ('
                'SELECT 1 / (1 + exp(-(%%s))) AS p, failure_design.* FROM failure_design OFFSET 0'
                ') AS scored OFFSET 0) AS weighed',
                string_agg(format('sum(w * x%s * x%s)', pairs.i, pairs.j), ', ' ORDER BY pairs.i, pairs.j)
            ) AS statement
        FROM (
            SELECT lefts.i, rights.j, (row_number() OVER (ORDER BY lefts.i, rights.j) - 1) / 1500 AS piece
            FROM generate_series(1, v_size) AS lefts (i)
            CROSS JOIN LATERAL generate_series(lefts.i, v_size) AS rights (j)
        ) AS pairs
        GROUP BY pairs.piece
    ) AS pieces;

    v_weights := array_fill(0::double precision, ARRAY[v_size]);
    step_count := 0;
    LOOP
        SELECT string_agg(format('%L::float8 * x%s', parts.weight, parts.place), ' + ' ORDER BY parts.place)
        INTO v_score
        FROM unnest(v_weights) WITH ORDINALITY AS parts (weight, place);
        v_score := format('greatest(-30, least(30, %s))', v_score);
        EXECUTE format(
            'SELECT sum(ln(1 + exp(CASE y WHEN 1 THEN -s ELSE s END))), ARRAY[%s] FROM ('
            'SELECT 1 / (1 + exp(-s)) AS p, scored.* FROM ('
            'SELECT %s AS s, failure_design.* FROM failure_design OFFSET 0) AS scored OFFSET 0) AS known',
            (
                SELECT string_agg(format('sum((y - p) * x%s)', columns.i), ', ' ORDER BY columns.i)
                FROM generate_series(1, v_size) AS columns (i)
            ),
            v_score
        )
        INTO v_loss, v_gradient;
        SELECT v_loss + sum(parts.weight ^ 2) / 2
        INTO v_loss
        FROM unnest(v_weights[2:]) AS parts (weight);
        EXIT WHEN step_count >= 20 OR v_last - v_loss < 1e-6 * v_loss;
        v_last := v_loss;
        step_count := step_count + 1;
        v_curvature := '{}';
        FOREACH v_sum IN ARRAY v_sums
        LOOP
            EXECUTE format(v_sum, v_score) INTO v_part;
            v_curvature := v_curvature || v_part;
        END LOOP;
        FOR v_row IN 1 .. v_size
        LOOP
            -- The ridge; a whisper of it keeps the intercept's row solvable.
            v_part[1] := CASE WHEN v_row = 1 THEN 1e-9 ELSE 1 END;
            v_curvature[(v_row - 1) * v_size - (v_row - 1) * (v_row - 2) / 2 + 1] := v_part[1]
                + v_curvature[(v_row - 1) * v_size - (v_row - 1) * (v_row - 2) / 2 + 1];
            v_gradient[v_row] := v_gradient[v_row] - CASE WHEN v_row = 1 THEN 0 ELSE v_weights[v_row] END;
        END LOOP;
        v_step := health_internal.solve_symmetric(v_curvature, v_gradient, v_size);
        SELECT array_agg(parts.weight + greatest(-3, least(3, parts.step)) ORDER BY parts.place)
        INTO v_weights
        FROM unnest(v_weights, v_step) WITH ORDINALITY AS parts (weight, step, place);
    END LOOP;
    EXECUTE 'DROP TABLE failure_design';
    base := v_weights[1];
    UPDATE health_internal.failure_features AS features
    SET weight = v_weights[listed.place + 1]
    FROM unnest(v_features) WITH ORDINALITY AS listed (feature, place)
    WHERE features.model_id = p_model_id AND features.feature = listed.feature;
END;
$$;
COMMENT ON FUNCTION health_internal.fit_logistic(bigint, text [], integer) IS
'Fits the logistic regression to the cases of these parts (NULL: all) on the features of most gain: mean, scale '
'and weight of failure_features; returns the intercept and how many Newton steps it took.';

COMMIT;
