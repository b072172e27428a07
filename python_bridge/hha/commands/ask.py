"""``hha ask``: a question in words, answered by the help agent, else here by fixed queries."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

import typer

from hha.answers.answering import answer
from hha.commands.asking import JsonOption, ask
from hha.connection import DsnOption, resolve_dsn
from hha.errors import HhaError
from hha.jsonable import to_json

POLL_SECONDS = 0.2

HELP_AGENT_SQL = """
SELECT EXISTS (
    SELECT FROM health.fleet
    WHERE agent_type = 'AIHelpAgent' AND observed_liveness = 'alive' AND state = 'running'
) AS runs
"""
ASK_SQL = "SELECT health.ask(%(question)s) AS question_id"
ANSWER_SQL = """
SELECT answer, source, evidence, error
FROM health.questions
WHERE question_id = %(question_id)s AND answered_at IS NOT NULL
"""


class NoAnswer(HhaError):
    """The question was not answered in time, or could not be."""


def register(app: typer.Typer) -> None:
    """Add ``hha ask``."""

    @app.command("ask")
    def ask_command(
        question: Annotated[str, typer.Argument(help="In words, such as 'why is worker-3 poor?'")],
        wait: Annotated[float, typer.Option("--wait", min=1.0, help="Seconds to wait.")] = 90.0,
        dsn: DsnOption = None,
        is_json: JsonOption = False,
    ) -> None:
        """Ask about the fleet in words: what is wrong, why, who was told, what it cost."""
        found = _asked(dsn, question, wait)
        if is_json:
            typer.echo(to_json(found))
            return
        if found["answer"] is None:
            raise NoAnswer(f"the question could not be answered: {found['error']}")
        typer.echo(found["answer"])
        if found["error"]:
            typer.echo(f"(answered without the language model: {found['error']})", err=True)


def _asked(dsn: str | None, question: str, wait: float) -> dict[str, Any]:
    """The row of the answer."""
    if not ask(dsn, HELP_AGENT_SQL, {})[0]["runs"]:
        here = asyncio.run(answer(question, resolve_dsn(dsn)))
        return {
            "answer": here.text,
            "source": here.source,
            "evidence": here.evidence,
            "error": here.error,
        }
    number = ask(dsn, ASK_SQL, {"question": question})[0]
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline:
        if rows := ask(dsn, ANSWER_SQL, number):
            return rows[0]
        time.sleep(POLL_SECONDS)
    raise NoAnswer(
        f"question {number['question_id']} was not answered within {wait:g} s",
        hint="Look at the help agent with `hha status`; the answer may still come in "
        f"health.questions under question_id {number['question_id']}.",
    )
