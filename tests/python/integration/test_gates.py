"""Rules that the whole schema keeps. Each failure prints the offenders.

Most are queries over the catalog that return offenders; an empty answer passes. A second
group reads the source files. See CONTRIBUTING.md for the reasons.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from servers.dump import dump_schema

if TYPE_CHECKING:
    from servers import Server

ROOT = Path(__file__).resolve().parents[3]
PLAN = ROOT / "migrations" / "sqitch.plan"

_PLAN_CHANGE = re.compile(r"^(?P<name>[^\s%@#]\S*)\s")
_ERRCODE = re.compile(r"ERRCODE\s*(?:=|:=)\s*'(?P<code>[^']+)'", re.IGNORECASE)


def planned_changes() -> list[str]:
    """Names of the plan's changes in order; a reworked change appears once, at its last place."""
    lines = PLAN.read_text(encoding="utf-8").splitlines() if PLAN.exists() else []
    names = [match["name"] for line in lines if (match := _PLAN_CHANGE.match(line))]
    return list(dict.fromkeys(reversed(names)))[::-1]


def database_name(dsn: str) -> str:
    """The database a DSN points to."""
    return str(conninfo_to_dict(dsn)["dbname"])


def offenders(dsn: str, query: LiteralString) -> list[Any]:
    """First column of every row."""
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute(query)]


def assert_none(rule: str, found: list[Any]) -> None:
    """Fail with one offender a line."""
    if found:
        pytest.fail(f"{rule}, but not:\n  " + "\n  ".join(map(str, found)), pytrace=False)


def assert_same_schema(before: str, after: str) -> None:
    """Fail with a diff."""
    difference = difflib.unified_diff(
        before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=2
    )
    text = "\n".join(difference)
    if text:
        pytest.fail(f"the schema changed:\n{text}", pytrace=False)


# --- deploying -------------------------------------------------------------------------------


def test_deploying_twice_finds_nothing_to_do(deployed_database: str) -> None:
    from hha.deploy import deploy, status

    assert deploy(deployed_database) == []
    assert status(deployed_database).is_up_to_date


def test_reverting_all_and_deploying_again_gives_the_same_schema(
    server: Server, deployed_database: str
) -> None:
    from hha.deploy import deploy, revert

    name = database_name(deployed_database)
    before = dump_schema(server, name)
    revert(deployed_database)
    left = offenders(
        deployed_database,
        "SELECT nspname FROM pg_namespace WHERE nspname IN ('health', 'health_internal')",
    )
    assert_none("revert removes both schemas", left)
    deploy(deployed_database)
    assert_same_schema(before, dump_schema(server, name))


def test_functions_and_triggers_can_be_applied_again(
    server: Server, deployed_database: str
) -> None:
    name = database_name(deployed_database)
    before = dump_schema(server, name)
    repeatable = [
        change for change in planned_changes() if change.startswith(("functions/", "triggers/"))
    ]
    assert repeatable
    problems = []
    for change in repeatable:
        with psycopg.connect(deployed_database, autocommit=True) as connection:
            try:
                connection.execute((ROOT / f"{change}.sql").read_bytes())
            except psycopg.Error as error:
                problems.append(f"{change}: {error}")
    assert_none("every function and trigger file can be applied again", problems)
    assert_same_schema(before, dump_schema(server, name))


# --- PL/pgSQL --------------------------------------------------------------------------------


#: What the training of failure models makes for itself, and its functions speak of.
TRAINING_TABLES: LiteralString = """
CREATE TEMPORARY TABLE failure_rows (agent_id text, k integer, f1 real);
CREATE TEMPORARY TABLE failure_cases (
    agent_id text, k integer, at timestamptz, y smallint, place bigint, part text
);
CREATE TEMPORARY TABLE failure_bins (rn integer, place bigint, y smallint, part text)
"""


def test_plpgsql_check_finds_nothing(server: Server, deployed_database: str) -> None:
    if not server.has_plpgsql_check:
        pytest.skip(f"plpgsql_check is not available for the {server.kind} server")
    with psycopg.connect(deployed_database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA checker; CREATE EXTENSION plpgsql_check SCHEMA checker")
        connection.execute(TRAINING_TABLES)
        bodies = connection.execute(
            """
            SELECT
                p.oid,
                coalesce(t.tgrelid, 0) AS relid,
                t.tgoldtable::text AS old_table,
                t.tgnewtable::text AS new_table,
                p.oid::regprocedure::text AS name
            FROM pg_proc AS p
            JOIN pg_namespace AS n ON n.oid = p.pronamespace
            JOIN pg_language AS l ON l.oid = p.prolang
            LEFT JOIN pg_trigger AS t ON t.tgfoid = p.oid AND t.tgparentid = 0
            WHERE n.nspname IN ('health', 'health_internal')
                AND l.lanname = 'plpgsql'
                AND (p.prorettype <> 'trigger'::regtype OR t.oid IS NOT NULL)
            ORDER BY name
            """
        ).fetchall()
        assert bodies
        problems = []
        for oid, relation, old_table, new_table, name in bodies:
            rows = connection.execute(
                """
                SELECT lineno, level, sqlstate, message, coalesce(query, '')
                FROM checker.plpgsql_check_function_tb(
                    %s::oid, %s::oid, fatal_errors => false, other_warnings => true,
                    extra_warnings => false, performance_warnings => false,
                    security_warnings => true, oldtable => %s, newtable => %s)
                """,
                (oid, relation, old_table, new_table),
            ).fetchall()
            problems += [f"{name}: {row}" for row in rows]
    assert_none("plpgsql_check finds nothing", problems)


def test_every_trigger_function_is_used(deployed_database: str) -> None:
    unused = offenders(
        deployed_database,
        """
        SELECT p.oid::regprocedure::text
        FROM pg_proc AS p
        WHERE p.pronamespace::regnamespace::text IN ('health', 'health_internal')
            AND p.prorettype = 'trigger'::regtype
            AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgfoid = p.oid)
        """,
    )
    assert_none("every trigger function is used", unused)


# --- the catalog -----------------------------------------------------------------------------

CATALOG_RULES: dict[str, LiteralString] = {
    "every relation has a comment": """
        SELECT format('%s (%s)', c.oid::regclass, c.relkind)
        FROM pg_class AS c
        WHERE c.relnamespace::regnamespace::text IN ('health', 'health_internal')
            AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            AND NOT c.relispartition
            AND obj_description(c.oid, 'pg_class') IS NULL
        ORDER BY 1
    """,
    "every column has a comment": """
        SELECT format('%s.%I', c.oid::regclass, a.attname)
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace::regnamespace::text IN ('health', 'health_internal')
            AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            AND NOT c.relispartition
            AND col_description(c.oid, a.attnum) IS NULL
        ORDER BY c.oid::regclass::text, a.attnum
    """,
    "every index of its own has a comment naming the query that needs it": """
        SELECT c.oid::regclass::text
        FROM pg_class AS c
        WHERE c.relnamespace::regnamespace::text IN ('health', 'health_internal')
            AND c.relkind IN ('i', 'I')
            AND NOT c.relispartition
            AND NOT EXISTS (
                SELECT FROM pg_index AS i
                JOIN pg_class AS parent ON parent.oid = i.indrelid
                WHERE i.indexrelid = c.oid AND parent.relispartition)
            AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid)
            AND obj_description(c.oid, 'pg_class') IS NULL
        ORDER BY 1
    """,
    "every function and procedure has a comment": """
        SELECT p.oid::regprocedure::text
        FROM pg_proc AS p
        WHERE p.pronamespace::regnamespace::text IN ('health', 'health_internal')
            AND obj_description(p.oid, 'pg_proc') IS NULL
        ORDER BY 1
    """,
    "every type has a comment": """
        SELECT format('%s (%s)', t.oid::regtype, t.typtype)
        FROM pg_type AS t
        LEFT JOIN pg_class AS c ON c.oid = t.typrelid
        WHERE t.typnamespace::regnamespace::text IN ('health', 'health_internal')
            AND (t.typtype IN ('d', 'e', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))
            AND obj_description(t.oid, 'pg_type') IS NULL
        ORDER BY 1
    """,
    "both schemas have a comment": """
        SELECT n.nspname
        FROM pg_namespace AS n
        WHERE n.nspname IN ('health', 'health_internal')
            AND obj_description(n.oid, 'pg_namespace') IS NULL
    """,
    "every SECURITY DEFINER function pins its search_path": """
        SELECT p.oid::regprocedure::text
        FROM pg_proc AS p
        WHERE p.pronamespace::regnamespace::text IN ('health', 'health_internal')
            AND p.prosecdef
            AND NOT EXISTS (
                SELECT FROM unnest(p.proconfig) AS s (setting) WHERE s.setting LIKE 'search_path=%')
        ORDER BY 1
    """,
    "public is empty": """
        SELECT format('relation %s', c.oid::regclass)
        FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT format('function %s', p.oid::regprocedure)
        FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace
        UNION ALL
        SELECT format('type %s', t.oid::regtype)
        FROM pg_type AS t WHERE t.typnamespace = 'public'::regnamespace AND t.typrelid = 0
    """,
    "every foreign key is indexed": """
        SELECT format('%s on %s', k.conname, k.conrelid::regclass)
        FROM pg_constraint AS k
        WHERE k.connamespace::regnamespace::text IN ('health', 'health_internal')
            AND k.contype = 'f'
            AND k.conparentid = 0
            AND NOT EXISTS (
                SELECT FROM pg_index AS i
                WHERE i.indrelid = k.conrelid
                    AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
                    AND (i.indpred IS NULL
                        OR pg_get_expr(i.indpred, i.indrelid) LIKE '%IS NOT NULL%'))
        ORDER BY 1
    """,
    "the internal schema is open to nobody by default": """
        SELECT n.nspname
        FROM pg_namespace AS n
        CROSS JOIN LATERAL aclexplode(n.nspacl) AS a
        WHERE n.nspname = 'health_internal' AND a.grantee = 0
    """,
}


@pytest.mark.parametrize("rule", CATALOG_RULES)
def test_catalog(rule: str, deployed_database: str) -> None:
    assert_none(rule, offenders(deployed_database, CATALOG_RULES[rule]))


def test_the_catalog_is_not_empty(deployed_database: str) -> None:
    """The rules above would pass over nothing."""
    query: LiteralString = (
        "SELECT relname FROM pg_class "
        "WHERE relnamespace::regnamespace::text IN ('health', 'health_internal')"
    )
    assert len(offenders(deployed_database, query)) > 10


# --- error codes -----------------------------------------------------------------------------


def source_files(*folders: str) -> list[Path]:
    """The SQL sources below the given folders."""
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.sql"))


def test_every_error_code_is_in_the_registry() -> None:
    registry = (ROOT / "docs" / "error_codes.md").read_text(encoding="utf-8")
    missing = [
        f"{file.relative_to(ROOT)}: {code}"
        for file in source_files("sql", "functions", "triggers")
        for code in sorted(set(_ERRCODE.findall(file.read_text(encoding="utf-8"))))
        if code not in registry
    ]
    assert_none("every error code is in docs/error_codes.md", missing)


def test_every_function_names_the_error_codes_it_raises(deployed_database: str) -> None:
    with psycopg.connect(deployed_database) as connection:
        functions = connection.execute(
            """
            SELECT p.oid::regprocedure::text, p.prosrc, coalesce(obj_description(p.oid), '')
            FROM pg_proc AS p
            WHERE p.pronamespace::regnamespace::text IN ('health', 'health_internal')
            """
        ).fetchall()
    missing = [
        f"{name}: {code}"
        for name, source, comment in functions
        for code in sorted(set(_ERRCODE.findall(source)))
        if code not in comment
    ]
    assert_none("every function's COMMENT names its error codes", missing)


# --- the plan --------------------------------------------------------------------------------


def test_every_change_has_its_scripts() -> None:
    changes = planned_changes()
    assert changes
    missing = [
        str(path.relative_to(ROOT))
        for change in changes
        for path in (
            ROOT / f"{change}.sql",
            *(
                ROOT / "migrations" / kind / f"{change}.sql"
                for kind in ("deploy", "revert", "verify")
            ),
        )
        if not path.is_file()
    ]
    assert_none("every change has its scripts", missing)


def test_every_script_is_in_the_plan() -> None:
    changes = set(planned_changes())
    sources = {
        str(file.relative_to(ROOT).with_suffix(""))
        for file in source_files("sql", "functions", "triggers")
    }
    twins = {
        str(file.relative_to(ROOT / "migrations" / kind).with_suffix(""))
        for kind in ("revert", "verify")
        for file in (ROOT / "migrations" / kind).rglob("*.sql")
    }
    assert_none("every script is in the plan", sorted((sources | twins) - changes))


def test_every_change_says_what_it_brings() -> None:
    lines = PLAN.read_text(encoding="utf-8").splitlines()
    silent = [line for line in lines if _PLAN_CHANGE.match(line) and " # " not in line]
    assert_none("every change ends in a sentence", silent)


def test_every_module_has_its_pgtap_mirror() -> None:
    missing = [
        f"tests/pgtap/{file.relative_to(ROOT)}"
        for file in source_files("functions", "triggers")
        if not (ROOT / "tests" / "pgtap" / file.relative_to(ROOT)).is_file()
    ]
    assert_none("every module has its pgTAP mirror", missing)
