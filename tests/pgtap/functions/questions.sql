-- Asking and answering: who may, the lease, the token, what is given up and what is forgotten.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health.ask, health.claim_question, health.answer_question}',
    $$
    VALUES
    ('health.answer_question(bigint,smallint,text,text,jsonb,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_helper'),
    ('health.ask(text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_analyst'),
    ('health.claim_question(interval,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_helper')
    $$
);

SELECT throws_ok($$ SELECT health.ask(NULL) $$, 'QU001', NULL, 'nothing is asked by NULL');
SELECT throws_ok($$ SELECT health.ask(E' \n') $$, 'QU001', NULL, 'nor by blanks');
SELECT throws_ok($$ SELECT health.ask(repeat('x', 2001)) $$, 'QU001', NULL, 'nor in more than 2,000 characters');
SELECT lives_ok($$ SELECT health.ask(repeat('ä', 2000), at(0)) $$, '2,000 characters of two bytes can be asked');
SELECT lives_ok($$ SELECT health.ask('second', at(1)) $$, 'another');

SELECT rows_are(
    $$ SELECT left(question, 2), attempt_count FROM health.claim_question(p_now => at(2)) $$,
    $$ VALUES ('ää', 1::smallint) $$, 'the oldest is claimed first'
);
SELECT rows_are(
    $$ SELECT question, attempt_count FROM health.claim_question('10 seconds', at(3)) $$,
    $$ VALUES ('second', 1::smallint) $$, 'then the next'
);
SELECT is_empty($$ SELECT FROM health.claim_question(p_now => at(4)) $$, 'a claimed one is not claimed again');
SELECT rows_are(
    $$ SELECT question, attempt_count FROM health.claim_question('10 seconds', at(13)) $$,
    $$ VALUES ('second', 2::smallint) $$, 'until its lease ends'
);
SELECT throws_ok(
    $$ SELECT health.answer_question(question_id, 1::smallint, 'late', 'template') FROM health.questions WHERE question = 'second' $$,
    'QU002', NULL, 'whose lease ended answers no more'
);
SELECT lives_ok(
    $$ SELECT health.answer_question(question_id, 2::smallint, 'well', 'template', '[]', NULL, at(14)) FROM health.questions WHERE question = 'second' $$,
    'who holds the claim does'
);
SELECT throws_ok(
    $$ SELECT health.answer_question(question_id, 2::smallint, 'again', 'template') FROM health.questions WHERE question = 'second' $$,
    'QU002', NULL, 'once'
);
SELECT throws_ok(
    $$ SELECT health.answer_question(question_id, 1::smallint, NULL, NULL) FROM health.questions WHERE attempt_count = 1 $$,
    '23514', NULL, 'with an answer or an error'
);

-- Whoever claims the first question breaks off each time.
SELECT isnt_empty($$ SELECT FROM health.claim_question('1 second', at(200)) $$, 'a second attempt');
SELECT isnt_empty($$ SELECT FROM health.claim_question('1 second', at(300)) $$, 'a third');
SELECT is_empty($$ SELECT FROM health.claim_question('1 second', at(400)) $$, 'no fourth');
SELECT rows_are(
    $$ SELECT answered_at, answer, error FROM health.questions WHERE attempt_count = 3 $$,
    $$ VALUES (at(400), NULL::text, 'three attempts to answer it were broken off') $$, 'it is given up, and says so'
);

SELECT lives_ok($$ SELECT health.ask('a month later', at(31 * 86400)) $$, 'much later');
SELECT rows_are($$ SELECT question FROM health.questions $$, $$ VALUES ('a month later') $$, 'old questions are forgotten');

-- What the login of help agents may and may not.
SET LOCAL ROLE health_helper;
SELECT lives_ok($$ SELECT health.heartbeat('ai_help', 'running', '{}') $$, 'it beats as ai_help');
SELECT throws_ok($$ INSERT INTO health.agent_heartbeats (agent_id) VALUES ('other') $$, '42501', NULL, 'as nobody else');
SELECT throws_ok($$ DELETE FROM health.questions $$, '42501', NULL, 'it changes no table');
SELECT throws_ok($$ SELECT health.acknowledge_alert(1, 'me') $$, '42501', NULL, 'and acknowledges nothing');
RESET ROLE;
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT health.claim_question() $$, '42501', NULL, 'analysts ask but do not answer');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
