"""README.md tells the truth: its psql session is run and every line of output compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from psql_session import answered_steps, difference, written_steps
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from servers import Server

ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "README.md"


def test_the_session_is_what_psql_answers(
    server: Server, deployed_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = written_steps(README.read_text(encoding="utf-8"))
    assert steps
    dbname = str(conninfo_to_dict(deployed_database)["dbname"])
    now = answered_steps(server, dbname, steps, monkeypatch)
    if text := difference("README.md", steps, now):
        pytest.fail(f"README.md shows what is no longer so:\n{text}", pytrace=False)
