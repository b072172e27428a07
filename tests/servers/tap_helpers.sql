-- What many pgTAP files share, created beside pgTAP in the schema tap.

-- results_eq refuses to compare columns of different collations; rows as text compare.
CREATE FUNCTION tap.rows_are(p_have text, p_want text, p_what text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_have text;
    v_want text;
BEGIN
    EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM (%s) AS r', p_have) INTO v_have;
    EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM (%s) AS r', p_want) INTO v_want;
    RETURN tap.is(v_have, v_want, p_what);
END
$$;

-- p_want: rows of signature, kind, language, volatility, SECURITY DEFINER, granted to.
CREATE FUNCTION tap.signatures_are(p_names text [], p_want text)
RETURNS text
LANGUAGE sql
RETURN tap.rows_are(
    format(
        $have$
        SELECT
            p.oid::regprocedure::text,
            p.prokind::text,
            l.lanname::text,
            p.provolatile::text,
            p.prosecdef,
            coalesce(
                (
                    SELECT string_agg(
                        CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                        ', ' ORDER BY a.grantee::regrole::text COLLATE "C"
                    )
                    FROM (SELECT DISTINCT grantee FROM aclexplode(p.proacl)) AS a
                    WHERE a.grantee <> p.proowner
                ),
                ''
            )
        FROM pg_proc AS p
        JOIN pg_language AS l ON l.oid = p.prolang
        WHERE p.pronamespace::regnamespace::text || '.' || p.proname = ANY(%L::text [])
        ORDER BY p.oid::regprocedure::text COLLATE "C"
        $have$,
        p_names
    ),
    p_want,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

-- A clock that starts at the same moment in every file.
CREATE FUNCTION tap.at(p_seconds float8)
RETURNS timestamptz
LANGUAGE sql
RETURN timestamptz '2031-05-06 07:00:00+00' + make_interval(secs => p_seconds);

-- A bridge that delivers all that is due, or reports another outcome.
CREATE FUNCTION tap.deliver(
    p_seconds float8, p_channels text [] DEFAULT NULL, p_outcome text DEFAULT 'delivered'
)
RETURNS bigint
LANGUAGE sql
RETURN (
    SELECT count(health.report_delivery(c.delivery_id, c.fencing_token, p_outcome, '{}', tap.at(p_seconds)))
    FROM health.claim_deliveries('w1', 1000, p_channels, tap.at(p_seconds)) AS c
);

-- The agent's newest recovery, what its trail says, and a bridge's claim and report of one.
CREATE FUNCTION tap.latest(p_agent_id text DEFAULT 'a1')
RETURNS health.recovery_actions
LANGUAGE sql
RETURN (SELECT a FROM health.recovery_actions AS a WHERE agent_id = p_agent_id ORDER BY action_id DESC LIMIT 1);

CREATE FUNCTION tap.story(p_agent_id text DEFAULT 'a1')
RETURNS text
LANGUAGE sql
RETURN (SELECT what_happened FROM health.recovery_history WHERE agent_id = p_agent_id ORDER BY action_id DESC LIMIT 1);

CREATE FUNCTION tap.report(
    p_seconds float8, p_outcome text, p_details jsonb DEFAULT '{}', p_worker text DEFAULT 'w1'
)
RETURNS boolean
LANGUAGE sql
RETURN (
    SELECT health.report_recovery_action(c.action_id, c.fencing_token, p_outcome, p_details, tap.at(p_seconds))
    FROM health.claim_recovery_actions(p_worker, 1, NULL, tap.at(p_seconds)) AS c
);
