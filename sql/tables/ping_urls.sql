-- Addresses under which a job beats by HTTP: whoever knows one may speak for that job, and do no more.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.ping_urls (
    ping_id uuid NOT NULL DEFAULT gen_random_uuid(),
    agent_id text COLLATE "C" NOT NULL,
    slug text COLLATE "C",
    tells_runs boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by text NOT NULL DEFAULT session_user,
    revoked_at timestamptz,
    revoked_by text,
    CONSTRAINT ping_urls_pkey PRIMARY KEY (ping_id),
    CONSTRAINT slug_is_1_to_100_of_a_z_0_9_hyphen_and_underscore_and_no_uuid
    CHECK (slug ~ '^[a-z0-9_-]{1,100}$'
        AND slug !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'),
    CONSTRAINT a_revoked_url_names_who_revoked_it
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);

COMMENT ON TABLE health.ping_urls IS
'One row per ping URL; written by create_ping_url and revoke_ping_url. Who knows ping_id may ping for the '
'agent, so only administrators read it.';
COMMENT ON COLUMN health.ping_urls.ping_id IS 'The secret part of the address: /ping/<ping_id>.';
COMMENT ON COLUMN health.ping_urls.agent_id IS 'Who beats when it is called.';
COMMENT ON COLUMN health.ping_urls.slug IS
'Name that stands for ping_id where the gateway accepts slugs; NULL: none.';
COMMENT ON COLUMN health.ping_urls.tells_runs IS
'Whether it was ever told of a start, an end by exit status or fail, or a log line; from then on a plain '
'ping is the success of a run.';
COMMENT ON COLUMN health.ping_urls.created_at IS 'When it was made.';
COMMENT ON COLUMN health.ping_urls.created_by IS 'Who made it.';
COMMENT ON COLUMN health.ping_urls.revoked_at IS 'Since when it is refused; NULL: it is in use.';
COMMENT ON COLUMN health.ping_urls.revoked_by IS 'Who revoked it.';

CREATE UNIQUE INDEX ping_urls_slug_key ON health.ping_urls (slug) WHERE revoked_at IS NULL;
COMMENT ON INDEX health.ping_urls_slug_key IS
'health.record_pings looks for a slug; of the URLs in use one has it.';

GRANT SELECT (agent_id, tells_runs, created_at, created_by, revoked_at, revoked_by)
ON health.ping_urls TO health_analyst;
GRANT SELECT ON health.ping_urls TO health_admin;

COMMIT;
