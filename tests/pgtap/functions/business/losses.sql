-- Money lost, by which terms.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.business_terms_held,
        health_internal.lost_revenue_rows,
        health_internal.risk_rows
    }',
    $$
    VALUES
    ('health_internal.business_terms_held()', 'f', 'sql', 's', false, ''),
    ('health_internal.lost_revenue_rows(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.risk_rows(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

CREATE FUNCTION pg_temp.sum_of(p_figure text) RETURNS numeric LANGUAGE sql
RETURN (SELECT sum(amount) FROM health.business_impact_detail(at(0), at(36000), p_figure, at(40000)));

INSERT INTO health.agents (agent_id, agent_name) VALUES ('a1', 'A1');
SELECT change('a1', -10, 'alive', p_was => 'never_seen'), change('a1', 1000, 'unresponsive', 0, 900), change('a1', 1300, 'alive', p_was => 'unresponsive');
SELECT incident('a1', 900, 1000, 1300), recovery('a1', 900, 1000, 1250, 'succeeded');
SELECT is(pg_temp.sum_of('revenue_lost'), NULL, 'who earns nothing loses nothing that could be measured');
-- It earns: the first price known held before, too.
UPDATE health.agents SET revenue_usd_per_hour = 100 WHERE agent_id = 'a1';
SELECT rows_are($$ SELECT from_at, until_at, revenue_usd_per_hour FROM health_internal.business_terms_held() WHERE agent_id = 'a1' $$, $$ VALUES ('-infinity'::timestamptz, 'infinity'::timestamptz, 100::numeric) $$, 'a price is kept when it is told');
SELECT is(pg_temp.sum_of('revenue_lost'), 11.11, '400 s of 100 dollars an hour');
SELECT rows_are($$ SELECT incident_id IS NOT NULL, from_at, to_at, note FROM health_internal.lost_revenue_rows(at(0), at(36000)) WHERE agent_id = 'a1' $$, $$ VALUES (true, at(900), at(1300), 'down') $$, 'a row names its incident and its time');
SELECT health.mark_false_positive(alert_id, 'ana') FROM health.alerts JOIN health.incidents USING (incident_id) WHERE onset_at = at(900);
SELECT is(pg_temp.sum_of('revenue_lost'), 0.00, 'a false positive lost nothing');
SELECT is_empty($$ SELECT FROM health_internal.risk_rows(at(0), at(36000)) WHERE amount > 0 $$, 'nothing is at risk');
SELECT incident('a1', 30000, 30000, NULL);
SELECT is((SELECT sum(amount) FROM health_internal.risk_rows(at(0), at(36000)) WHERE figure = 'revenue_at_risk'), 100.00, 'in a critical incident what it earns is');
SELECT throws_ok($$ UPDATE health.agents SET manual_recovery_minutes = -1 $$, '23514', NULL, 'people take no negative time');
SET LOCAL ROLE health_admin;
SELECT lives_ok($$ INSERT INTO health.business_terms (agent_id, valid_from, revenue_usd_per_hour) VALUES ('a1', at(0), 5) $$, 'administrators correct the past');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
