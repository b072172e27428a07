"""README.md tells the truth: its psql session is run and every line of output compared."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from servers import Server

ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "README.md"

_SESSION = re.compile(r"^```psql\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?P<target>[^)#:]+)\)")
_FIRST_PROMPT = "health=# "
_NEXT_PROMPT = "health-# "
_MARK = "-- the next statement --"


@dataclass(frozen=True, slots=True)
class Step:
    """A statement as it is typed, and the lines psql answers."""

    statement: tuple[str, ...]
    answer: tuple[str, ...]


def trimmed(text: str) -> tuple[str, ...]:
    """Lines without what cannot be seen: trailing spaces, empty lines at the end."""
    return tuple(line.rstrip() for line in text.rstrip().splitlines())


def written_steps(text: str) -> list[Step]:
    """The steps of the one session in a Markdown text."""
    (session,) = _SESSION.findall(text)
    steps = []
    for block in re.split(rf"^(?={_FIRST_PROMPT})", session, flags=re.MULTILINE):
        if not block.strip():
            continue
        first, *rest = block.splitlines()
        typed = [first.removeprefix(_FIRST_PROMPT)]
        while rest and rest[0].startswith(_NEXT_PROMPT):
            typed.append(rest.pop(0).removeprefix(_NEXT_PROMPT))
        steps.append(Step(tuple(typed), trimmed("\n".join(rest))))
    return steps


def as_session(steps: list[Step]) -> list[str]:
    """Steps as a person sees them."""
    lines = []
    for step in steps:
        first, *rest = step.statement
        lines += [_FIRST_PROMPT + first, *(_NEXT_PROMPT + line for line in rest), *step.answer]
    return lines


def test_the_session_is_what_psql_answers(
    server: Server, deployed_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")  # psql's own words in English
    monkeypatch.setenv("PGCLIENTENCODING", "UTF8")
    steps = written_steps(README.read_text(encoding="utf-8"))
    typed = "".join("\n".join((*step.statement, f"\\echo {_MARK}", "")) for step in steps)
    said = server.run_tool(
        "psql",
        "--no-psqlrc",
        "--set=ON_ERROR_STOP=1",
        dbname=str(conninfo_to_dict(deployed_database)["dbname"]),
        stdin=typed,
    )
    answers = said.split(f"{_MARK}\n")
    assert answers.pop() == ""
    assert len(answers) == len(steps)
    now = [
        Step(step.statement, trimmed(answer)) for step, answer in zip(steps, answers, strict=True)
    ]
    difference = difflib.unified_diff(
        as_session(steps), as_session(now), "README.md", "psql", lineterm="", n=3
    )
    if text := "\n".join(difference):
        pytest.fail(f"README.md shows what is no longer so:\n{text}", pytrace=False)


def test_every_path_it_names_exists() -> None:
    text = README.read_text(encoding="utf-8")
    named = {match["target"] for match in _LINK.finditer(text)}
    table = text.partition("## To change X, open Y")[2].partition("\n## ")[0]
    named |= {
        name
        for name in re.findall(r"`([^`\s]+)`", table)
        if "/" in name and not name.startswith("…")
    }
    missing = sorted(name for name in named if not (ROOT / name).exists())
    assert not missing
