-- Foresight: what is reckoned each minute outside the tick, part by part, and how each part fared; the
-- running trends of resources and their limits.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health_internal.foresight_parts (
    part text COLLATE "C" NOT NULL,
    place integer NOT NULL,
    period interval NOT NULL DEFAULT '1 minute',
    is_enabled boolean NOT NULL DEFAULT true,
    last_run_at timestamptz,
    last_duration_ms double precision,
    last_error text,
    last_error_at timestamptz,
    run_count bigint NOT NULL DEFAULT 0,
    error_count bigint NOT NULL DEFAULT 0,
    CONSTRAINT foresight_parts_pkey PRIMARY KEY (part),
    CONSTRAINT part_is_the_name_of_a_function
    CHECK (part ~ '^[a-z][a-z0-9_]{0,62}$'),
    CONSTRAINT part_period_is_1_second_to_31_days
    CHECK (period BETWEEN interval '1 second' AND interval '31 days')
);

COMMENT ON TABLE health_internal.foresight_parts IS
'One row per part of run_foresight: a new part is a function health_internal.<part>(p_now timestamptz) and '
'a row here.';
COMMENT ON COLUMN health_internal.foresight_parts.part IS
'Function of health_internal that is called with p_now.';
COMMENT ON COLUMN health_internal.foresight_parts.place IS 'Order of the parts, lowest first.';
COMMENT ON COLUMN health_internal.foresight_parts.period IS 'How often it is called.';
COMMENT ON COLUMN health_internal.foresight_parts.is_enabled IS 'Whether it is called.';
COMMENT ON COLUMN health_internal.foresight_parts.last_run_at IS 'p_now of its last call; NULL: never.';
COMMENT ON COLUMN health_internal.foresight_parts.last_duration_ms IS
'How long that took, milliseconds.';
COMMENT ON COLUMN health_internal.foresight_parts.last_error IS
'What it said when it failed last; NULL: the last call was good.';
COMMENT ON COLUMN health_internal.foresight_parts.last_error_at IS 'When.';
COMMENT ON COLUMN health_internal.foresight_parts.run_count IS 'Calls so far.';
COMMENT ON COLUMN health_internal.foresight_parts.error_count IS 'Calls that failed.';

INSERT INTO health_internal.foresight_parts (part, place, period)
VALUES
('sample_scores', 5, '1 minute'),
('foresee_exhaustion', 10, '1 minute'),
('foresee_failures', 20, '10 minutes'),
('judge_shadows', 80, '1 minute'),
('refresh_recommendations', 90, '1 minute');

CREATE TABLE health.resource_limits (
    metric_name text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C",
    limit_value double precision NOT NULL,
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    CONSTRAINT resource_limits_metric_agent_key UNIQUE NULLS NOT DISTINCT (metric_name, agent_id),
    CONSTRAINT resource_limit_is_finite_and_positive
    CHECK (limit_value > 0 AND limit_value <= 1e15)
);

COMMENT ON TABLE health.resource_limits IS
'One row per metric that is used up at a limit, of one agent or of all; see set_resource_limit.';
COMMENT ON COLUMN health.resource_limits.metric_name IS 'Series of performance_metrics.';
COMMENT ON COLUMN health.resource_limits.agent_id IS 'Of which agent; NULL: of every one without its own.';
COMMENT ON COLUMN health.resource_limits.limit_value IS 'Value at which it is used up, in its own unit.';
COMMENT ON COLUMN health.resource_limits.set_by IS 'Who set it.';
COMMENT ON COLUMN health.resource_limits.set_at IS 'When.';

CREATE TABLE health_internal.resource_trends (
    agent_id text COLLATE "C" NOT NULL,
    resource text COLLATE "C" NOT NULL,
    used double precision NOT NULL,
    limit_value double precision NOT NULL,
    peak double precision NOT NULL,
    began_at timestamptz NOT NULL,
    sampled_at timestamptz NOT NULL,
    sample_count bigint NOT NULL DEFAULT 1,
    weight double precision NOT NULL DEFAULT 1,
    weight_square_sum double precision NOT NULL DEFAULT 1,
    mean_hours double precision NOT NULL DEFAULT 0,
    mean_value double precision NOT NULL,
    hours_square_sum double precision NOT NULL DEFAULT 0,
    product_sum double precision NOT NULL DEFAULT 0,
    value_square_sum double precision NOT NULL DEFAULT 0,
    last_residual double precision NOT NULL DEFAULT 0,
    residual_square_sum double precision NOT NULL DEFAULT 0,
    residual_product_sum double precision NOT NULL DEFAULT 0,
    CONSTRAINT resource_trends_pkey PRIMARY KEY (agent_id, resource)
) WITH (fillfactor = 50);

COMMENT ON TABLE health_internal.resource_trends IS
'One row per agent and resource with a limit: decayed least squares over samples of a minute, of the '
'present run; see health_internal.moved_trend.';
COMMENT ON COLUMN health_internal.resource_trends.agent_id IS 'Which agent.';
COMMENT ON COLUMN health_internal.resource_trends.resource IS
'memory (megabytes), cpu (percent) or a metric_name.';
COMMENT ON COLUMN health_internal.resource_trends.used IS 'Latest sample, in the resource''s unit.';
COMMENT ON COLUMN health_internal.resource_trends.limit_value IS 'At which it is used up, same unit.';
COMMENT ON COLUMN health_internal.resource_trends.peak IS 'Highest sample since began_at.';
COMMENT ON COLUMN health_internal.resource_trends.began_at IS 'First sample of the present run.';
COMMENT ON COLUMN health_internal.resource_trends.sampled_at IS
'Time of the latest sample; hours count from it, backwards.';
COMMENT ON COLUMN health_internal.resource_trends.sample_count IS 'Samples since began_at.';
COMMENT ON COLUMN health_internal.resource_trends.weight IS 'Sum of weights, decayed (6 h).';
COMMENT ON COLUMN health_internal.resource_trends.weight_square_sum IS 'Sum of squared weights.';
COMMENT ON COLUMN health_internal.resource_trends.mean_hours IS
'Weighted mean time of the samples, hours before the latest, not above 0.';
COMMENT ON COLUMN health_internal.resource_trends.mean_value IS 'Weighted mean of the samples.';
COMMENT ON COLUMN health_internal.resource_trends.hours_square_sum IS
'Weighted squares of hours about their mean.';
COMMENT ON COLUMN health_internal.resource_trends.product_sum IS
'Weighted products of hours and values about their means.';
COMMENT ON COLUMN health_internal.resource_trends.value_square_sum IS
'Weighted squares of values about their mean.';
COMMENT ON COLUMN health_internal.resource_trends.last_residual IS
'Latest sample less what the line through those before it foretold.';
COMMENT ON COLUMN health_internal.resource_trends.residual_square_sum IS
'Decayed squares of such residuals.';
COMMENT ON COLUMN health_internal.resource_trends.residual_product_sum IS
'Decayed products of successive residuals: samples that resemble their neighbours tell less.';

GRANT SELECT ON health.resource_limits TO health_analyst;

COMMIT;
