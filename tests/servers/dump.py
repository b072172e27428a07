"""The schema as text that two deployments of the same sources share byte for byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servers.base import Server

SCHEMAS = ("health", "health_internal")

# pg_dump writes its version, the server's, and a random key against psql meta-commands.
_VOLATILE = re.compile(r"^(-- Dumped (from|by) .*|\\(un)?restrict .*)$")

_PARTITIONS = """
SELECT format('%%I.%%I', n.nspname, c.relname)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relispartition AND c.relkind IN ('r', 'p') AND n.nspname = ANY (%s)
"""


def dump_schema(server: Server, dbname: str) -> str:
    """pg_dump of the project's schemas with owners, grants and comments, without partitions.

    Partitions are named after days and come and go; their parents are in the dump.
    """
    with server.connect(dbname) as connection:
        partitions = [row[0] for row in connection.execute(_PARTITIONS, (list(SCHEMAS),))]
    options = ["--schema-only", *(f"--schema={schema}" for schema in SCHEMAS)]
    options += [f"--exclude-table={partition}" for partition in partitions]
    text = server.run_tool("pg_dump", *options, dbname=dbname)
    lines = [line for line in text.splitlines() if not _VOLATILE.match(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
