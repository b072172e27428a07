"""A question in, an answer out: by the model where there is one, else by a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hha.answers.model import Model, ModelError
from hha.answers.reading import Reader
from hha.answers.templates import BY_NAME, choose, what_can_be_asked


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found. `error` says why a template answers where a model should have."""

    text: str
    source: Literal["template", "model"]
    evidence: list[dict[str, Any]]
    error: str | None = None


async def answer(question: str, conninfo: str, model: Model | None = None) -> Answer:
    """Answer one question. Raises a DatabaseError when the database cannot be read."""
    async with Reader(conninfo) as reader:
        error = None
        if model is not None:
            try:
                text = await model.answer(question, reader)
                return Answer(text, "model", reader.evidence)
            except ModelError as failure:
                error = str(failure)
                reader.evidence.clear()
        return Answer(await by_template(question, reader), "template", reader.evidence, error)


async def by_template(question: str, reader: Reader) -> str:
    """The answer of the template that the question's words speak for."""
    agent_id = await reader.find_agent(question)
    template = choose(question, agent_id is not None)
    if template is None:
        overview = "\n".join(await reader.lines(BY_NAME["fleet"], None))
        return (
            f"I did not understand what is asked. {overview}\n\n"
            f"Name an agent, or ask in English for one of:\n{what_can_be_asked()}"
        )
    about = f" ({agent_id})" if agent_id else ""
    lines = await reader.lines(template, agent_id)
    body = "\n".join(lines) or f"{template.nothing[0].upper()}{template.nothing[1:]}."
    return f"{template.meaning[0].upper()}{template.meaning[1:]}{about}:\n{body}"
