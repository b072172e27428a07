"""An agent that answers questions about the fleet, put with `hha ask` or `SELECT health.ask('…')`.

    python -m hha.agents.ai_help --interval 1

With a model (--model or HHA_AI_MODEL; any OpenAI-compatible endpoint and its key by
OPENAI_BASE_URL and OPENAI_API_KEY) the model answers from what it reads; without, or when the
endpoint fails, fixed queries do. Log it in as health_helper, which reads views and writes nothing
but answers and its heartbeats.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from psycopg.types.json import Jsonb

from hha.agent import BaseAgent
from hha.answers.answering import answer
from hha.answers.model import Model, ModelSettings
from hha.errors import DatabaseError, DatabaseUnavailable

MOST_QUESTIONS_A_ROUND = 20

CLAIM_SQL = "SELECT question_id, question, attempt_count FROM health.claim_question()"
ANSWER_SQL = """
SELECT health.answer_question(%s::bigint, %s::smallint, %s::text, %s::text, %s::jsonb, %s::text)
"""


class AIHelpAgent(BaseAgent):
    """Answers what waits in health.questions, each `interval` seconds."""

    def __init__(
        self, *args: Any, model: str | None = None, base_url: str | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        name = model or os.environ.get("HHA_AI_MODEL")
        self._settings = ModelSettings(name, base_url) if name else None
        self._model: Model | None = None
        self.answered_by = {"template": 0, "model": 0}

    def get_capabilities(self) -> list[str]:
        return ["answers", "answers_by_model"] if self._settings else ["answers"]

    async def initialize_agent(self) -> None:
        await self.shutdown()
        self._model = Model(self._settings) if self._settings else None

    async def shutdown(self) -> None:
        if self._model is not None:
            await self._model.close()
            self._model = None

    async def do_work(self) -> int:
        for count in range(MOST_QUESTIONS_A_ROUND):
            if self.is_stopping or not await self._answer_next():
                return count
        return MOST_QUESTIONS_A_ROUND

    async def get_performance_metrics(self) -> dict[str, Any]:
        counts = {f"answered_by_{source}": count for source, count in self.answered_by.items()}
        return await super().get_performance_metrics() | counts

    async def _answer_next(self) -> bool:
        """Whether there was a question. What goes wrong with one question is its answer's error."""
        if self.shared_state is None:
            return False
        try:
            claimed = await self.shared_state.fetch(CLAIM_SQL)
        except DatabaseUnavailable:
            return False
        if not claimed:
            return False
        question = claimed[0]
        values: tuple[Any, ...]
        try:
            found = await answer(question["question"], self.shared_state.conninfo, self._model)
        except DatabaseError as error:
            values = (None, None, None, str(error))
            await self._note(error)
        else:
            values = (found.text, found.source, Jsonb(found.evidence), found.error)
            self.answered_by[found.source] += 1
            if found.error:
                await self._note(RuntimeError(found.error))
        key = (question["question_id"], question["attempt_count"])
        await self.shared_state.fetch(ANSWER_SQL, (*key, *values))
        return True

    async def _note(self, error: Exception) -> None:
        self.error_count += 1
        self.logger.warning("%s", error, extra=self._about("answer_failed"))
        await self.report_error(error)

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add("--model", help="language model to ask; else HHA_AI_MODEL, else templates answer")
        add("--base-url", help="its OpenAI-compatible endpoint; else OPENAI_BASE_URL")


if __name__ == "__main__":
    AIHelpAgent.run_forever(agent_id="ai_help", interval=1.0)
