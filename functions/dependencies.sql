-- Who needs whom, and which parents an agent lacks: the children of the dead are neither told of nor restarted.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.add_dependency(
    p_child_id text,
    p_parent_id text,
    p_redundancy_group text DEFAULT NULL,
    p_minimum_alive_count integer DEFAULT 1
)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO health.dependencies AS dependencies (
        child_id, parent_id, redundancy_group, minimum_alive_count
    )
    VALUES (p_child_id, p_parent_id, p_redundancy_group, p_minimum_alive_count)
    ON CONFLICT (child_id, parent_id) DO UPDATE SET
        redundancy_group = excluded.redundancy_group,
        minimum_alive_count = excluded.minimum_alive_count;
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled AND incidents.agent_id = p_child_id;
$$;
COMMENT ON FUNCTION health.add_dependency(text, text, text, integer) IS
'Says that an agent needs another, or, with p_redundancy_group, p_minimum_alive_count of that group. '
'The trigger raises AL005 where that would close a circle.';

CREATE OR REPLACE FUNCTION health.remove_dependency(p_child_id text, p_parent_id text)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_is_removed boolean;
BEGIN
    DELETE FROM health.dependencies
    WHERE dependencies.child_id = p_child_id AND dependencies.parent_id = p_parent_id;
    v_is_removed := FOUND;
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled AND incidents.agent_id = p_child_id;
    RETURN v_is_removed;
END;
$$;
COMMENT ON FUNCTION health.remove_dependency(text, text) IS
'Removes a dependency; false where there was none.';

CREATE OR REPLACE FUNCTION health_internal.returned_parents(
    p_agent_ids text [],
    p_now timestamptz
)
RETURNS TABLE (agent_id text, parent_id text, until_at timestamptz)
LANGUAGE sql
STABLE
AS $$
    SELECT
        dependencies.child_id,
        dependencies.parent_id,
        allowed.until_at
    FROM health.dependencies
    INNER JOIN health.agent_status AS child ON dependencies.child_id = child.agent_id
    CROSS JOIN LATERAL (
        SELECT max(alerts.resolved_at) AS at
        FROM (
            -- Trouble of another kind may have come since; how long the history is does not matter.
            SELECT incidents.incident_id
            FROM health.incidents
            WHERE incidents.agent_id = dependencies.parent_id
            ORDER BY incidents.onset_at DESC
            LIMIT 10
        ) AS latest
        INNER JOIN health.alerts ON latest.incident_id = alerts.incident_id
        WHERE alerts.rule IN ('unresponsive', 'failed')
    ) AS returned
    CROSS JOIN LATERAL (
        SELECT returned.at + make_interval(
            secs => child.grace_seconds
            + child.learnt_interval_seconds * child.unresponsive_intervals
        ) AS until_at
    ) AS allowed
    WHERE dependencies.child_id = ANY (p_agent_ids)
        -- A job has a schedule instead.
        AND child.grace_seconds < 1e9
        AND child.last_heartbeat_at <= returned.at
        AND allowed.until_at > p_now;
$$;
COMMENT ON FUNCTION health_internal.returned_parents(text [], timestamptz) IS
'Parents that came back, of given agents that have not been heard since: such an agent is given the silence '
'it may always have, from that moment on (until_at).';

CREATE OR REPLACE FUNCTION health_internal.dead_parents(p_agent_ids text [], p_now timestamptz)
RETURNS TABLE (agent_id text, is_down boolean, parents text, is_back boolean)
LANGUAGE plpgsql
STABLE
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT
        groups.child_id,
        bool_or(groups.needed_count > groups.possible_count),
        string_agg(groups.parents, ', ' ORDER BY groups.parents),
        bool_or(groups.is_back)
    FROM (
        SELECT
            dependencies.child_id,
            -- Of fewer than that, all.
            least(max(dependencies.minimum_alive_count), count(*)) AS needed_count,
            count(*) FILTER (WHERE NOT judged.is_dead) AS possible_count,
            count(*) FILTER (WHERE NOT judged.is_dead AND NOT judged.is_suspected) AS alive_count,
            string_agg(
                dependencies.parent_id
                || coalesce(' (back; awaited until ' || returned.until_at || ')', ''),
                ', ' ORDER BY dependencies.parent_id
            ) FILTER (WHERE judged.is_dead OR judged.is_suspected) AS parents,
            bool_or(returned.until_at IS NOT NULL) AS is_back
        FROM health.dependencies
        LEFT JOIN health.agent_status AS status ON dependencies.parent_id = status.agent_id
        LEFT JOIN health_internal.returned_parents(p_agent_ids, p_now) AS returned
            ON dependencies.child_id = returned.agent_id
            AND dependencies.parent_id = returned.parent_id
        CROSS JOIN LATERAL (
            SELECT
                coalesce(status.active_conditions && '{unresponsive,failed}', false)
                OR returned.until_at IS NOT NULL AS is_dead,
                coalesce(status.liveness = 'late', false) AS is_suspected
        ) AS judged
        WHERE dependencies.child_id = ANY (p_agent_ids)
        GROUP BY
            dependencies.child_id,
            coalesce(dependencies.redundancy_group, dependencies.parent_id),
            dependencies.redundancy_group IS NULL
    ) AS groups
    WHERE groups.needed_count > groups.alive_count
    GROUP BY groups.child_id;
END;
$$;
COMMENT ON FUNCTION health_internal.dead_parents(text [], timestamptz) IS
'One row per given agent that misses parents: is_down: too few of a group are left; else too few are '
'left beyond those that are late, of whom nobody knows yet. Dead is unresponsive or failed, or so lately that '
'the agent has had no time to be heard since (is_back).';

GRANT EXECUTE ON FUNCTION health.add_dependency(text, text, text, integer),
health.remove_dependency(text, text) TO health_admin;

COMMIT;
