-- Ways to send messages: names with a token bucket each.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.channel_tokens(
    p_channel health.channels,
    p_now timestamptz
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN (p_channel).rate_per_minute IS NULL THEN 'infinity'::double precision
    ELSE least(
        (p_channel).rate_burst,
        coalesce(
            (p_channel).rate_tokens + (p_channel).rate_per_minute * greatest(
                0, date_part('epoch', p_now - (p_channel).rate_tokens_at) / 60
            ),
            (p_channel).rate_burst
        )
    )
END;
COMMENT ON FUNCTION health_internal.channel_tokens(health.channels, timestamptz) IS
'Messages a channel may be handed at p_now: its bucket fills at rate_per_minute up to rate_burst.';

CREATE OR REPLACE FUNCTION health.set_channel(
    p_channel text,
    p_kind text,
    p_minimum_severity text DEFAULT 'warning',
    p_is_enabled boolean DEFAULT true,
    p_is_default boolean DEFAULT true,
    p_rate_per_minute double precision DEFAULT NULL,
    p_rate_burst integer DEFAULT 5
)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO health.channels AS channels (
        channel, kind, minimum_severity, is_enabled, is_default, rate_per_minute, rate_burst
    )
    VALUES (
        p_channel, p_kind, p_minimum_severity, p_is_enabled, p_is_default, p_rate_per_minute,
        p_rate_burst
    )
    ON CONFLICT (channel) DO UPDATE SET
        kind = excluded.kind,
        minimum_severity = excluded.minimum_severity,
        is_enabled = excluded.is_enabled,
        is_default = excluded.is_default,
        rate_per_minute = excluded.rate_per_minute,
        rate_burst = excluded.rate_burst;
$$;
COMMENT ON FUNCTION health.set_channel(
    text, text, text, boolean, boolean, double precision, integer
) IS
'Adds or changes a way to send messages. A channel is a name; its address and secret are in the '
'bridge''s configuration. p_is_default: it hears of every incident from p_minimum_severity on, else only '
'by steps of escalation policies. p_rate_per_minute and p_rate_burst throttle it.';

GRANT EXECUTE ON FUNCTION health.set_channel(
    text, text, text, boolean, boolean, double precision, integer
) TO health_admin;

COMMIT;
