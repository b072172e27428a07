-- Ways to send messages.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.set_channel,
        health_internal.channel_tokens
    }',
    $$
    VALUES
    ('health.set_channel(text,text,text,boolean,boolean,double precision,integer)', 'f', 'sql', 'v', true, 'health_admin'),
    ('health_internal.channel_tokens(health.channels,timestamp with time zone)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT lives_ok($$ SELECT health.set_channel('pager', 'webhook', 'critical') $$, 'a channel is added');
SELECT lives_ok($$ SELECT health.set_channel('pager', 'webhook', 'warning', false) $$, 'and changed');
SELECT is((SELECT is_enabled FROM health.channels WHERE channel = 'pager'), false, 'as told');
SELECT throws_ok($$ SELECT health.set_channel('https://x.example/secret', 'webhook') $$, '23514', NULL,
    'an address is no name of a channel');
SELECT throws_ok($$ SELECT health.set_channel('pager', 'webhook', 'loud') $$, '23514', NULL, 'severities are known ones');
SELECT throws_ok($$ SELECT health.set_channel('slow', 'webhook', p_rate_per_minute => 0) $$, '23514', NULL, 'a rate is positive');
SELECT throws_ok($$ SELECT health.set_channel('slow', 'webhook', p_rate_burst => 0) $$, '23514', NULL, 'and so is a burst');
CREATE FUNCTION pg_temp.tokens(p_seconds float8) RETURNS float8 LANGUAGE sql AS $$
    SELECT health_internal.channel_tokens(channels, at(p_seconds)) FROM health.channels WHERE channel = 'slow' $$;
SELECT health.set_channel('slow', 'webhook', p_rate_per_minute => 6, p_rate_burst => 3);
SELECT is(pg_temp.tokens(0), 3::float8, 'a bucket is full at first');
UPDATE health.channels SET rate_tokens = 0, rate_tokens_at = at(0) WHERE channel = 'slow';
SELECT is(pg_temp.tokens(10), 1::float8, 'it fills at its rate');
SELECT is(pg_temp.tokens(-10), 0::float8, 'not by a clock that goes back');
SELECT is(pg_temp.tokens(1000), 3::float8, 'and no further than its burst');
SELECT is((SELECT health_internal.channel_tokens(channels, at(0)) FROM health.channels WHERE channel = 'pager'),
    'infinity'::float8, 'one without a rate holds back nothing');

-- The bucket, case by case: six a minute, four at most.
SELECT rows_are(
    $$
    SELECT v.n, health_internal.channel_tokens(jsonb_populate_record(NULL::health.channels, jsonb_build_object('rate_per_minute', v.rate, 'rate_burst', 4, 'rate_tokens', v.tokens, 'rate_tokens_at', at(0))), at(v.seconds))
    FROM (VALUES (1, NULL, 2, 0), (2, 6, NULL, 0), (3, 6, 1, 0), (4, 6, 1, 10), (5, 6, 1, 15), (6, 6, 1, 30), (7, 6, 1, 999), (8, 6, 1, -60), (9, 6, 0, 5)) AS v (n, rate, tokens, seconds) ORDER BY 1
    $$,
    $$ VALUES (1, 'infinity'::float8), (2, 4), (3, 1), (4, 2), (5, 2.5), (6, 4), (7, 4), (8, 1), (9, 0.5) $$,
    'without a rate there is no end of them; a new bucket is full; it fills with time, not beyond its brim, nor when a clock is set back'
);

SELECT * FROM finish();
ROLLBACK;
