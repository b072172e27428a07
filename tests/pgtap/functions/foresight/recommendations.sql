-- Recommendations: opened, brought up to date, closed; dismissed until their evidence changes.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.dismiss_recommendation,
        health_internal.has_changed_materially,
        health_internal.recommendation_sources,
        health_internal.refresh_recommendations,
        health_internal.refresh_recommendations_of
    }',
    $$
    VALUES
    ('health.dismiss_recommendation(bigint,text,text,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health_internal.has_changed_materially(jsonb,jsonb)', 'f', 'sql', 'i', false, ''),
    ('health_internal.recommendation_sources()', 'f', 'sql', 's', false, ''),
    ('health_internal.refresh_recommendations(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.refresh_recommendations_of(text,timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT rows_are($$ SELECT old, new, health_internal.has_changed_materially(old::jsonb, new::jsonb) FROM (VALUES
    ('{"n": 10}', '{"n": 14}'), ('{"n": 10}', '{"n": 21}'), ('{"n": 10}', '{"n": 4}'), ('{"n": 0}', '{"n": 0}'), ('{"n": 0}', '{"n": 1}'),
    ('{"w": "a"}', '{"w": "b"}'), ('{"w": "a"}', '{}'), ('{"x_at": "a"}', '{"x_at": "b"}'), ('{"l": [1]}', '{"l": [2]}'), ('{}', '{}'), ('{"n": 1e300}', '{"n": -1e300}')
    ) AS t (old, new) $$,
    $$ VALUES ('{"n": 10}', '{"n": 14}', false), ('{"n": 10}', '{"n": 21}', true), ('{"n": 10}', '{"n": 4}', true), ('{"n": 0}', '{"n": 0}', false), ('{"n": 0}', '{"n": 1}', true),
    ('{"w": "a"}', '{"w": "b"}', true), ('{"w": "a"}', '{}', true), ('{"x_at": "a"}', '{"x_at": "b"}', false), ('{"l": [1]}', '{"l": [2]}', false), ('{}', '{}', false), ('{"n": 1e300}', '{"n": -1e300}', true) $$,
    'what is a material change');

-- A source of the test: what it finds stands in a table.
CREATE TABLE health_internal.finds (agent_id text, kind text, priority integer, summary text, reason text, evidence jsonb);
CREATE FUNCTION health_internal.recommend_from_test(p_now timestamptz)
RETURNS TABLE (agent_id text, kind text, priority integer, summary text, reason text, evidence jsonb)
LANGUAGE sql STABLE AS 'SELECT f.* FROM health_internal.finds AS f';
CREATE FUNCTION health_internal.recommend_from_nowhere(p_now timestamptz)
RETURNS TABLE (agent_id text, kind text, priority integer, summary text, reason text, evidence jsonb)
LANGUAGE sql STABLE AS 'SELECT NULL::text, ''broken'', 1 / (extract(epoch FROM p_now) * 0)::integer, '''', '''', NULL::jsonb';
ALTER TABLE health_internal.finds OWNER TO health_owner;
ALTER FUNCTION health_internal.recommend_from_test(timestamptz) OWNER TO health_owner;
SELECT ok('recommend_from_test' = ANY (ARRAY(SELECT health_internal.recommendation_sources())), 'a source is known by its name');
CREATE VIEW pg_temp.open AS SELECT agent_id, kind, subject, priority, summary, dismissed_at IS NOT NULL AS dismissed FROM health.recommendations WHERE closed_at IS NULL ORDER BY kind, agent_id, subject;

INSERT INTO health_internal.finds VALUES ('a1', 'more', 3, 'more of it', 'because', '{"n": 10}'), (NULL, 'rule', 4, 'one', 'r', '{"subject": "x"}'), (NULL, 'rule', 4, 'two', 'r', '{"subject": "y"}');
SELECT is(health_internal.refresh_recommendations(at(0)), 3::bigint, 'three open, though another source failed');
SELECT ok((SELECT last_error LIKE 'recommend_from_nowhere: division by zero (22012)' FROM health.foresight_health WHERE part = 'refresh_recommendations'), 'which is on record');
SELECT rows_are('SELECT * FROM pg_temp.open', $$ VALUES ('a1', 'more', '', 3, 'more of it', false), (NULL, 'rule', 'x', 4, 'one', false), (NULL, 'rule', 'y', 4, 'two', false) $$, 'several of a kind by their subject');
SELECT is(health_internal.refresh_recommendations(at(60)), 0::bigint, 'what is open stays');
DELETE FROM health_internal.finds WHERE summary = 'two';
UPDATE health_internal.finds SET priority = 2, summary = 'much more', evidence = '{"n": 12}' WHERE kind = 'more';
SELECT is(health_internal.refresh_recommendations(at(120)), 0::bigint, 'a change opens none');
SELECT rows_are($$ SELECT kind, subject, priority, summary, evidence, created_at, changed_at, closed_at FROM health.recommendations ORDER BY kind, subject $$,
    $$ VALUES ('more', '', 2, 'much more', '{"n": 12}'::jsonb, at(0), at(120), NULL), ('rule', 'x', 4, 'one', '{"subject": "x"}', at(0), at(0), NULL), ('rule', 'y', 4, 'two', '{"subject": "y"}', at(0), at(0), at(120)) $$,
    'words and numbers are of now, and what is gone is closed');

SELECT health.dismiss_recommendation(recommendation_id, 'ana', 'known', p_now => at(130)) FROM health.recommendations WHERE kind = 'more';
SELECT health_internal.refresh_recommendations(at(180));
SELECT ok((SELECT dismissed FROM pg_temp.open WHERE kind = 'more'), 'dismissed it stays while nothing changes');
UPDATE health_internal.finds SET evidence = '{"n": 16}' WHERE kind = 'more';
SELECT health_internal.refresh_recommendations(at(240));
SELECT ok((SELECT dismissed FROM pg_temp.open WHERE kind = 'more'), 'or little does');
DELETE FROM health_internal.finds WHERE kind = 'more';
SELECT health_internal.refresh_recommendations(at(300));
INSERT INTO health_internal.finds VALUES ('a1', 'more', 2, 'much more', 'because', '{"n": 17}');
SELECT health_internal.refresh_recommendations(at(360));
SELECT ok((SELECT dismissed FROM pg_temp.open WHERE kind = 'more'), 'also where it went and came back');
UPDATE health_internal.finds SET evidence = '{"n": 30}' WHERE kind = 'more';
SELECT health_internal.refresh_recommendations(at(420));
SELECT ok((SELECT NOT dismissed FROM pg_temp.open WHERE kind = 'more'), 'but not where the number has doubled');
SELECT health.dismiss_recommendation(recommendation_id, NULL, NULL, at(1000), at(430)) FROM health.recommendations WHERE kind = 'more' AND closed_at IS NULL;
SELECT is((SELECT dismissed_by FROM health.recommendations WHERE kind = 'more' AND closed_at IS NULL), session_user::text, 'who is told by the login');
SELECT health_internal.refresh_recommendations(at(999));
SELECT ok((SELECT dismissed FROM pg_temp.open WHERE kind = 'more'), 'until a time');
SELECT health_internal.refresh_recommendations(at(1000));
SELECT ok((SELECT NOT dismissed FROM pg_temp.open WHERE kind = 'more'), 'and no longer');
SELECT health.dismiss_recommendation(recommendation_id, 'ana', p_now => at(1010)) FROM health.recommendations WHERE kind = 'more' AND closed_at IS NULL;
UPDATE health_internal.finds SET priority = 1 WHERE kind = 'more';
SELECT health_internal.refresh_recommendations(at(1060));
SELECT ok((SELECT NOT dismissed FROM pg_temp.open WHERE kind = 'more'), 'what becomes more urgent is shown');

-- fleet shows them, the most urgent first.
SELECT health.register_agent('a1');
INSERT INTO health_internal.finds VALUES ('a1', 'less', 5, 'less of that', 'because', '{}');
SELECT health_internal.refresh_recommendations(at(1120));
SELECT is((SELECT recommendations FROM health.fleet WHERE agent_id = 'a1'), '{much more,less of that}', 'fleet shows them');
SELECT health.dismiss_recommendation(recommendation_id, 'ana', p_now => at(1130)) FROM health.recommendations WHERE kind = 'less';
SELECT is((SELECT recommendations FROM health.fleet WHERE agent_id = 'a1'), '{much more}', 'but not what was dismissed');
SELECT health_internal.refresh_recommendations(at(1120 + 91 * 86400));
SELECT is((SELECT count(*) FROM health.recommendations WHERE closed_at IS NOT NULL), 0::bigint, 'what is long closed is forgotten');

SELECT throws_ok($$ SELECT health.dismiss_recommendation(-1, 'ana') $$, 'AD003', NULL, 'only what is open can be dismissed');
SELECT throws_ok($$ SELECT health.dismiss_recommendation(1, 'ana', NULL, at(0), at(1)) $$, 'AD002', NULL, 'and until a time to come');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.recommendations $$, 'analysts read');
SELECT throws_ok($$ SELECT health.dismiss_recommendation(1, 'ana') $$, '42501', NULL, 'and dismiss nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
