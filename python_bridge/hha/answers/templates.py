"""The questions that can be answered without a language model, as queries whose rows are lines.

A query of queries/ gets the parameter agent_id (NULL where the question names none) and returns one
column, `line`. Which one is meant is told by words of the question, in English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files

QUERIES = files("hha.answers") / "queries"


@dataclass(frozen=True, slots=True)
class Template:
    """A question. `nothing` is the answer where its query has no row."""

    name: str
    meaning: str
    words: str
    nothing: str
    needs_agent: bool = False

    @property
    def query(self) -> str:
        """Its SQL."""
        return (QUERIES / f"{self.name}.sql").read_text(encoding="utf-8")

    def hits(self, question: str) -> int:
        """How many different words of `question` speak for this template."""
        return len(
            {match.lower() for match in re.findall(rf"\b(?:{self.words})", question, re.IGNORECASE)}
        )


TEMPLATES = (
    Template(
        "fleet",
        "how the fleet is as a whole",
        "overview|overall|fleet|everything|system|all agents|how many|summary",
        "no agent has been judged yet",
    ),
    Template(
        "worst",
        "which agents are in the worst health",
        "worst|unhealthy|sick|lowest|bad|poor|critical|trouble|problem|which agents?|broken|ill",
        "every agent is good or excellent",
    ),
    Template(
        "agent",
        "how one agent is",
        "how is|status|state|doing|health of",
        "it has not been judged yet",
        needs_agent=True,
    ),
    Template(
        "why",
        "why one agent has its score, component by component",
        "why|explain|reason|because|cause|score|component",
        "it has not been judged yet",
        needs_agent=True,
    ),
    Template(
        "alerts",
        "which alerts are open",
        "alerts?|alarm|page|incident|open|warn",
        "no alert is open",
    ),
    Template(
        "told",
        "why somebody was or was not told about one agent in the last seven days",
        "told|paged|not paged|notified|message|suppress|silenced|mute|nobody|didn't i|was i",
        "nothing was to be told in the last seven days",
        needs_agent=True,
    ),
    Template(
        "recoveries",
        "what was restarted or recovered, and how that ended",
        "recover|restart|heal|fixed|repair|mended",
        "nothing has been recovered",
    ),
    Template(
        "silent",
        "which agents do not answer",
        "silent|quiet|unresponsive|dead|down|missing|late|offline|not answer|don't answer|gone",
        "every agent answers",
    ),
    Template(
        "risk",
        "which agents are likely to fail soon",
        "predict|risk|will fail|likely|soon|forecast|future|about to",
        "no agent is predicted to fail",
    ),
    Template(
        "anomalies",
        "what behaves unlike before",
        "anomal|unusual|strange|weird|odd|unlike|spike|outlier",
        "nothing behaves unlike before",
    ),
    Template(
        "figures",
        "what the fleet cost, saved and reached: the manager's figures",
        "money|cost|revenue|lost|loss|dollar|business|kpi|saved|roi|mttr|mttd|figures?|manager",
        "nothing has been measured yet",
    ),
    Template(
        "availability",
        "how available agents were",
        "availab|uptime|downtime|outage|sla",
        "availability has not been measured yet",
    ),
    Template(
        "advice",
        "what people should do",
        "recommend|advice|advise|should|suggest|improve|to do",
        "there is nothing to recommend",
    ),
    Template(
        "engine",
        "whether the monitor itself works",
        "engine|monitor|tick|scheduler|queue|backlog|watching",
        "the engine has never ticked",
    ),
)

BY_NAME = {template.name: template for template in TEMPLATES}


def choose(question: str, has_agent: bool) -> Template | None:
    """The template that most words of the question speak for; None where no word does.

    An agent that is named alone asks how it is; a template about one agent needs its name.
    """
    possible = [template for template in TEMPLATES if has_agent or not template.needs_agent]
    # Of equals the one about an agent, where one is named; then the first.
    best = max(
        possible, key=lambda template: (template.hits(question), has_agent and template.needs_agent)
    )
    if best.hits(question):
        return best
    return BY_NAME["agent"] if has_agent else None


def candidates(question: str) -> list[str]:
    """What may be ids of agents in the question: its words, and what stands in quotes."""
    quoted = re.findall(r"[\"'`]([^\"'`]+)[\"'`]", question)
    words = [word.strip("\"'`.,;:?!()[]") for word in question.split()]
    return [word for word in dict.fromkeys([*quoted, *words]) if word]


def what_can_be_asked() -> str:
    """One line per template."""
    return "\n".join(f"- {template.meaning}" for template in TEMPLATES)
