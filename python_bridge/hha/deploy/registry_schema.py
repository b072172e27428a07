"""The tables of the registry, version 1.1: the shape that sqitch looks for."""

from __future__ import annotations

from typing import LiteralString

_PROJECT: LiteralString = (
    "project text NOT NULL REFERENCES sqitch.projects (project) ON UPDATE CASCADE"
)
_CHANGE: LiteralString = "REFERENCES sqitch.changes (change_id) ON UPDATE CASCADE"
_PEOPLE: LiteralString = """
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    committer_name text NOT NULL,
    committer_email text NOT NULL,
    planned_at timestamptz NOT NULL,
    planner_name text NOT NULL,
    planner_email text NOT NULL
"""

SCHEMA: LiteralString = """
CREATE SCHEMA IF NOT EXISTS sqitch;
COMMENT ON SCHEMA sqitch IS 'What is deployed here; version 1.1, shared by sqitch and hha deploy.';
"""

RELEASES: LiteralString = """
CREATE TABLE sqitch.releases (
    version real PRIMARY KEY,
    installed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    installer_name text NOT NULL,
    installer_email text NOT NULL
);
COMMENT ON TABLE sqitch.releases IS 'Versions of the registry itself.';
"""

PROJECTS: LiteralString = """
CREATE TABLE sqitch.projects (
    project text PRIMARY KEY,
    uri text UNIQUE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    creator_name text NOT NULL,
    creator_email text NOT NULL
);
COMMENT ON TABLE sqitch.projects IS 'One row per project with changes in this database.';
"""

CHANGES: LiteralString = f"""
CREATE TABLE sqitch.changes (
    change_id text PRIMARY KEY,
    script_hash text,
    change text NOT NULL,
    {_PROJECT},
    note text NOT NULL DEFAULT '',
    {_PEOPLE},
    UNIQUE (project, script_hash)
);
COMMENT ON TABLE sqitch.changes IS 'One row per change that is deployed now.';
"""

TAGS: LiteralString = f"""
CREATE TABLE sqitch.tags (
    tag_id text PRIMARY KEY,
    tag text NOT NULL,
    {_PROJECT},
    change_id text NOT NULL {_CHANGE},
    note text NOT NULL DEFAULT '',
    {_PEOPLE},
    UNIQUE (project, tag)
);
COMMENT ON TABLE sqitch.tags IS 'One row per tag of a deployed change.';
"""

DEPENDENCIES: LiteralString = f"""
CREATE TABLE sqitch.dependencies (
    change_id text NOT NULL {_CHANGE} ON DELETE CASCADE,
    type text NOT NULL,
    dependency text NOT NULL,
    dependency_id text {_CHANGE}
        CONSTRAINT dependencies_check CHECK (
            (type = 'require' AND dependency_id IS NOT NULL)
            OR (type = 'conflict' AND dependency_id IS NULL)
        ),
    PRIMARY KEY (change_id, dependency)
);
COMMENT ON TABLE sqitch.dependencies IS 'What deployed changes require or exclude.';
"""

EVENTS: LiteralString = f"""
CREATE TABLE sqitch.events (
    event text NOT NULL
        CONSTRAINT events_event_check CHECK (event IN ('deploy', 'revert', 'fail', 'merge')),
    change_id text NOT NULL,
    change text NOT NULL,
    {_PROJECT},
    note text NOT NULL DEFAULT '',
    requires text[] NOT NULL DEFAULT '{{}}',
    conflicts text[] NOT NULL DEFAULT '{{}}',
    tags text[] NOT NULL DEFAULT '{{}}',
    {_PEOPLE},
    PRIMARY KEY (change_id, committed_at)
);
COMMENT ON TABLE sqitch.events IS 'History: each deploy, revert and failure.';
"""

STATEMENTS = (SCHEMA, RELEASES, PROJECTS, CHANGES, TAGS, DEPENDENCIES, EVENTS)
