"""Documentation that shows psql: its statements are typed again and the answers compared."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest
    from servers import Server

SESSION = re.compile(r"^```psql\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
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
    """The steps of all sessions in a Markdown text."""
    session = "".join(SESSION.findall(text))
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


def answered_steps(
    server: Server, dbname: str, steps: list[Step], monkeypatch: pytest.MonkeyPatch
) -> list[Step]:
    """The same statements with what psql answers now."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")  # psql's own words in English
    monkeypatch.setenv("PGCLIENTENCODING", "UTF8")
    typed = "".join("\n".join((*step.statement, f"\\echo {_MARK}", "")) for step in steps)
    said = server.run_tool(
        "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", dbname=dbname, stdin=typed
    )
    answers = said.split(f"{_MARK}\n")
    assert answers.pop() == ""
    assert len(answers) == len(steps)
    return [
        Step(step.statement, trimmed(answer)) for step, answer in zip(steps, answers, strict=True)
    ]


def difference(name: str, steps: list[Step], now: list[Step]) -> str:
    """What the page shows that is no longer so; '' if all is."""
    return "\n".join(
        difflib.unified_diff(as_session(steps), as_session(now), name, "psql", lineterm="", n=3)
    )
