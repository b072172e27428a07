"""docs/analysts.md tells the truth: every question is asked again over its history."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psql_session import answered_steps, difference, written_steps
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from servers import Server

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "analysts.md"
HISTORY = ROOT / "tests" / "python" / "data" / "business_history.sql"


def test_every_answer_is_what_psql_answers(
    server: Server, deployed_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(re.findall(r"^## \d+\. .+\?$", text, re.MULTILINE)) == 12
    steps = written_steps(text)
    assert len(steps) >= 12
    with psycopg.connect(deployed_database, autocommit=True) as connection:
        connection.execute(HISTORY.read_bytes())
    dbname = str(conninfo_to_dict(deployed_database)["dbname"])
    now = answered_steps(server, dbname, steps, monkeypatch)
    if changed := difference("docs/analysts.md", steps, now):
        pytest.fail(f"docs/analysts.md shows what is no longer so:\n{changed}", pytrace=False)
