-- The report as a message: each week, once.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.queue_report,
        health_internal.report_text
    }',
    $$
    VALUES
    ('health_internal.queue_report(timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.report_text(jsonb)', 'f', 'sql', 's', false, '')
    $$
);

SELECT business_history();
-- Each Tuesday at 09:00 in Paris, which is 07:00 UTC: tap.at(0) is a Tuesday.
SELECT is(health_internal.queue_report(at(10)), NULL, 'without a channel nothing is sent');
UPDATE health.business_settings SET report_channel = 'console', report_weekday = 2, report_time = '09:00', report_time_zone = 'Europe/Paris';
SELECT is(health_internal.queue_report(at(-10)), NULL, 'not before its time');
SELECT isnt(health_internal.queue_report(at(10)), NULL, 'at its time it is queued');
SELECT is(health_internal.queue_report(at(20)), NULL, 'once');
SELECT rows_are($$ SELECT event, severity, idempotency_key, details #>> '{report,period,from}' IS NOT NULL, subject LIKE 'Weekly report: availability 100.0 \%, revenue lost $0.00' FROM health.deliveries $$,
    $$ VALUES ('report', 'info', 'report-203105060700-console', true, true) $$, 'as a message of its own kind');
SELECT ok((SELECT body LIKE '%Revenue lost: $0.00%' FROM health.deliveries), 'with the figures as text');
SELECT isnt(health_internal.queue_report(at(7 * 86400)), NULL, 'and a week later');
SELECT is(health_internal.queue_report(at(16 * 86400)), NULL, 'one that was missed for two days is left');
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT health_internal.queue_report(now()) $$, '42501', NULL, 'analysts send none');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
