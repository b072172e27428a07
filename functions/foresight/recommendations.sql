-- Recommendations are compared with what their sources find now: opened, brought up to date, closed. What a
-- person dismissed stays dismissed until its evidence changes materially.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.has_changed_materially(p_old jsonb, p_new jsonb)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT
    FROM jsonb_each(p_old) AS old
    FULL JOIN jsonb_each(p_new) AS new ON old.key = new.key
    WHERE coalesce(old.key, new.key) NOT LIKE '%\_at'
        AND CASE
            WHEN jsonb_typeof(old.value) = 'number' AND jsonb_typeof(new.value) = 'number' THEN
                abs((old.value #>> '{}')::numeric - (new.value #>> '{}')::numeric)
                > 0.5 * greatest(
                    abs((old.value #>> '{}')::numeric), abs((new.value #>> '{}')::numeric)
                )
            WHEN jsonb_typeof(coalesce(old.value, new.value)) IN ('object', 'array', 'null')
                THEN false
            ELSE old.value IS DISTINCT FROM new.value
        END
);
COMMENT ON FUNCTION health_internal.has_changed_materially(jsonb, jsonb) IS
'Whether evidence says something else than it did: a number that more than doubled or halved, a word that '
'changed, one more or one less. Times (*_at), lists and objects do not count.';

CREATE OR REPLACE FUNCTION health_internal.recommendation_sources()
RETURNS SETOF text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_proc.proname::text
    FROM pg_proc
    WHERE pg_proc.pronamespace = 'health_internal'::regnamespace
        AND starts_with(pg_proc.proname, 'recommend_from_')
        AND pg_proc.proargtypes = ARRAY['timestamptz'::regtype]::oidvector
    ORDER BY pg_proc.proname;
$$;
COMMENT ON FUNCTION health_internal.recommendation_sources() IS
'Functions health_internal.recommend_from_<area>(p_now timestamptz), each of which returns agent_id, kind, '
'priority, summary, reason and evidence of what it recommends: a new one needs no registration.';

CREATE OR REPLACE FUNCTION health_internal.refresh_recommendations_of(
    p_source text,
    p_now timestamptz
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_found health.recommendations [];
    v_opened bigint;
BEGIN
    EXECUTE format(
        $sql$
        SELECT array_agg(
            jsonb_populate_record(
                NULL::health.recommendations,
                jsonb_build_object(
                    'agent_id', found.agent_id, 'kind', found.kind, 'priority', found.priority,
                    'summary', left(found.summary, 500), 'reason', left(found.reason, 2000),
                    'evidence', coalesce(found.evidence, '{}'),
                    'subject', coalesce(left(found.evidence ->> 'subject', 200), '')
                )
            )
        )
        FROM health_internal.%I($1) AS found
        $sql$,
        p_source
    )
    INTO v_found
    USING p_now;

    UPDATE health.recommendations AS standing
    SET closed_at = p_now
    WHERE standing.source = p_source
        AND standing.closed_at IS NULL
        AND NOT EXISTS (
            SELECT FROM unnest(v_found) AS found
            WHERE found.agent_id IS NOT DISTINCT FROM standing.agent_id
                AND found.kind = standing.kind AND found.subject = standing.subject
        );

    -- What rests on other numbers than were dismissed, or whose time is over, is shown again.
    UPDATE health.recommendations AS standing
    SET
        priority = found.priority,
        summary = found.summary,
        reason = found.reason,
        evidence = found.evidence,
        changed_at = CASE
            WHEN (standing.priority, standing.summary) IS DISTINCT FROM (found.priority, found.summary)
                THEN p_now
            ELSE standing.changed_at
        END,
        dismissed_at = CASE WHEN NOT compared.is_over THEN standing.dismissed_at END,
        dismissed_by = CASE WHEN NOT compared.is_over THEN standing.dismissed_by END,
        dismissal_note = CASE WHEN NOT compared.is_over THEN standing.dismissal_note END,
        dismissed_until = CASE WHEN NOT compared.is_over THEN standing.dismissed_until END,
        dismissed_priority = CASE WHEN NOT compared.is_over THEN standing.dismissed_priority END,
        dismissed_evidence = CASE WHEN NOT compared.is_over THEN standing.dismissed_evidence END
    FROM unnest(v_found) AS found
    CROSS JOIN LATERAL (
        SELECT before.recommendation_id
        FROM health.recommendations AS before
        WHERE before.agent_id IS NOT DISTINCT FROM found.agent_id
            AND before.kind = found.kind AND before.subject = found.subject
            AND before.closed_at IS NULL
    ) AS matched
    CROSS JOIN LATERAL (
        SELECT coalesce(
            before.dismissed_until <= p_now
            OR found.priority < before.dismissed_priority
            OR health_internal.has_changed_materially(before.dismissed_evidence, found.evidence),
            false
        ) AS is_over
        FROM health.recommendations AS before
        WHERE before.recommendation_id = matched.recommendation_id
    ) AS compared
    WHERE standing.recommendation_id = matched.recommendation_id
        AND (
            compared.is_over
            OR (standing.priority, standing.summary, standing.reason, standing.evidence)
            IS DISTINCT FROM (found.priority, found.summary, found.reason, found.evidence)
        );

    INSERT INTO health.recommendations AS opening (
        agent_id, kind, subject, source, priority, summary, reason, evidence, created_at, changed_at,
        dismissed_at, dismissed_by, dismissal_note, dismissed_until, dismissed_priority,
        dismissed_evidence
    )
    SELECT
        found.agent_id, found.kind, found.subject, p_source, found.priority, found.summary,
        found.reason, found.evidence, p_now, p_now, dismissal.dismissed_at, dismissal.dismissed_by,
        dismissal.dismissal_note, dismissal.dismissed_until, dismissal.dismissed_priority,
        dismissal.dismissed_evidence
    FROM unnest(v_found) AS found
    -- What goes and comes back as it was dismissed is still dismissed.
    LEFT JOIN LATERAL (
        SELECT latest.*
        FROM (
            SELECT before.*
            FROM health.recommendations AS before
            WHERE before.agent_id IS NOT DISTINCT FROM found.agent_id
                AND before.kind = found.kind AND before.subject = found.subject
                AND before.dismissed_at IS NOT NULL
            ORDER BY before.closed_at DESC
            LIMIT 1
        ) AS latest
        WHERE coalesce(latest.dismissed_until > p_now, true)
            AND latest.closed_at > p_now - interval '30 days'
            AND found.priority >= latest.dismissed_priority
            AND NOT health_internal.has_changed_materially(
                latest.dismissed_evidence, found.evidence
            )
    ) AS dismissal ON true
    WHERE NOT EXISTS (
        SELECT FROM health.recommendations AS before
        WHERE before.agent_id IS NOT DISTINCT FROM found.agent_id
            AND before.kind = found.kind AND before.subject = found.subject
            AND before.closed_at IS NULL
    )
    ON CONFLICT (agent_id, kind, subject) WHERE closed_at IS NULL DO NOTHING;
    GET DIAGNOSTICS v_opened = ROW_COUNT;
    RETURN v_opened;
END;
$$;
COMMENT ON FUNCTION health_internal.refresh_recommendations_of(text, timestamptz) IS
'Brings the recommendations of one source up to date; returns how many opened.';

CREATE OR REPLACE FUNCTION health_internal.refresh_recommendations(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_source text;
    v_opened bigint := 0;
    v_errors text [] := ARRAY[]::text [];
BEGIN
    -- Source by source: one that fails leaves its own recommendations as they are, and no others.
    FOR v_source IN SELECT sources.* FROM health_internal.recommendation_sources() AS sources
    LOOP
        BEGIN
            v_opened := v_opened
                + health_internal.refresh_recommendations_of(v_source, p_now);
        EXCEPTION
            WHEN OTHERS THEN
                v_errors := v_errors || format('%s: %s (%s)', v_source, SQLERRM, SQLSTATE);
        END;
    END LOOP;
    DELETE FROM health.recommendations
    WHERE recommendations.closed_at < p_now - interval '90 days';
    IF v_errors <> '{}' THEN
        PERFORM health_internal.note_foresight_error(
            'refresh_recommendations', array_to_string(v_errors, '; '), p_now
        );
    END IF;
    RETURN v_opened;
END;
$$;
COMMENT ON FUNCTION health_internal.refresh_recommendations(timestamptz) IS
'Part of run_foresight: brings the recommendations of every source up to date; what a source said when it '
'failed is in foresight_health. Returns how many opened.';

CREATE OR REPLACE FUNCTION health.dismiss_recommendation(
    p_id bigint,
    p_by text,
    p_note text DEFAULT NULL,
    p_until timestamptz DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_until <= p_now THEN
        RAISE EXCEPTION 'a dismissal until % is over already', p_until
            USING ERRCODE = 'AD002',
                HINT = 'Give a time to come, or none: it then lasts until the evidence changes.';
    END IF;
    UPDATE health.recommendations
    SET
        dismissed_at = p_now,
        dismissed_by = coalesce(p_by, session_user),
        dismissal_note = p_note,
        dismissed_until = p_until,
        dismissed_priority = recommendations.priority,
        dismissed_evidence = recommendations.evidence
    WHERE recommendations.recommendation_id = p_id AND recommendations.closed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'recommendation % is not open', coalesce(p_id::text, 'NULL')
            USING ERRCODE = 'AD003',
                HINT = 'SELECT recommendation_id, summary FROM health.recommendations WHERE closed_at '
                    'IS NULL lists the open ones.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health.dismiss_recommendation(bigint, text, text, timestamptz, timestamptz) IS
'Shows a recommendation no more until p_until, or until its evidence changes materially (a number doubles '
'or halves, a word changes) or it becomes more urgent. Raises AD002 for a time that is past, AD003 where it '
'is not open.';
GRANT EXECUTE ON FUNCTION
health.dismiss_recommendation(bigint, text, text, timestamptz, timestamptz) TO health_operator;

COMMIT;
