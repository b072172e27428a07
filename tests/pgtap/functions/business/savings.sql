-- Money: what a recovery saved, by which terms, and each incident once.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.return_rows,
        health_internal.saved_rows
    }',
    $$
    VALUES
    ('health_internal.return_rows(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.saved_rows(timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

CREATE FUNCTION pg_temp.sum_of(p_figure text) RETURNS numeric LANGUAGE sql
RETURN (SELECT sum(amount) FROM health.business_impact_detail(at(0), at(36000), p_figure, at(40000)));

INSERT INTO health.agents (agent_id, agent_name) VALUES ('a1', 'A1');
SELECT change('a1', -10, 'alive', p_was => 'never_seen'), change('a1', 1000, 'unresponsive', 0, 900), change('a1', 1300, 'alive', p_was => 'unresponsive');
SELECT incident('a1', 900, 1000, 1300), recovery('a1', 900, 1000, 1250, 'succeeded');
SELECT is(pg_temp.sum_of('revenue_protected'), NULL, 'who earns nothing has nothing to protect');
SELECT is(pg_temp.sum_of('cost_avoidance'), NULL, 'what people cost is not known');
SELECT is((SELECT note FROM health.business_impact_detail(at(0), at(36000), 'cost_avoidance', at(40000))), 'manual_recovery_cost_usd is not set', 'and that is said');
UPDATE health.business_settings SET manual_recovery_minutes = 30, manual_recovery_cost_usd = 80.555, manual_recovery_spread = 0;
SELECT is(pg_temp.sum_of('cost_avoidance'), 80.56, 'unless the settings tell, to the cent');
SELECT is(pg_temp.sum_of('manual_hours_avoided'), 0.5, 'as they tell the time');

UPDATE health.agents SET revenue_usd_per_hour = 100 WHERE agent_id = 'a1';
SELECT is(pg_temp.sum_of('revenue_protected'), 43.06, '1,800 s less 250 s');
SELECT rows_are($$ SELECT low, high FROM health.business_impact_detail(at(0), at(36000), 'revenue_protected', at(40000)) WHERE weight > 0 $$, $$ VALUES (43.06, 43.06) $$, 'without spread there is no interval');
-- A second recovery of the same incident saves no second time.
SELECT recovery('a1', 900, 1260, 1290, 'succeeded');
SELECT is(pg_temp.sum_of('revenue_protected'), 41.94, 'an incident counts once, to its last recovery');
SELECT is(pg_temp.sum_of('cost_avoidance'), 80.56, 'and so does its cost');
-- What people ask for is not automatic; a recovery that takes longer than people saves nothing.
SELECT incident('a1', 5000, 5000, 9000), recovery('a1', 5000, 5000, 5100, 'succeeded', 'ana');
SELECT is(pg_temp.sum_of('revenue_protected'), 41.94, 'what a person asked for is no saving');
SELECT recovery('a1', 5000, 5200, 8900, 'succeeded');
SELECT is(pg_temp.sum_of('revenue_protected'), 41.94, 'one slower than people saves nothing, and costs nothing either');
SELECT health.mark_false_positive(alert_id, 'ana') FROM health.alerts JOIN health.incidents USING (incident_id) WHERE onset_at = at(900);
SELECT is(pg_temp.sum_of('revenue_protected'), 0.00, 'a false positive was nothing to save from');
SELECT throws_ok($$ UPDATE health.business_settings SET monitoring_usd_per_month = 0 $$, '23514', NULL, 'a price is positive');
SELECT throws_ok($$ UPDATE health.business_settings SET monitoring_usd_per_month = 'NaN' $$, '23514', NULL, 'and a number');
SET LOCAL ROLE health_admin;
SELECT lives_ok($$ UPDATE health.business_settings SET monitoring_usd_per_month = 10 $$, 'administrators set the price');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
