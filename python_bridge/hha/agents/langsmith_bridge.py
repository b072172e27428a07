"""An agent that watches LLM applications through LangSmith: each project becomes an agent.

    LANGSMITH_API_KEY=… python -m hha.agents.langsmith_bridge --project shop --interval 30

Each `interval` seconds it reads the root runs that ended since, and beats for the agent
`langsmith:<project>`: runs and failed runs as its counters, latency, error rate, tokens and cost
as its series. While LangSmith does not answer, those agents are silent and this one is in error:
`SELECT health.add_dependency('langsmith:shop', 'langsmith_bridge')` makes that one page.
Endpoint and key are LangSmith's own LANGSMITH_ENDPOINT, LANGSMITH_API_KEY and LANGSMITH_PROJECT;
without a key there is nothing to read and the agent idles. A LangSmith of one's own must be 0.16
or later.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hha.agent import BaseAgent
from hha.errors import ConfigurationError

if TYPE_CHECKING:
    from langsmith import Client
    from langsmith.resources.runs import AsyncRunsResource
    from langsmith.types import Run, RunSelectField

#: Runs reach LangSmith late: those that ended within this time are asked for again.
OVERLAP = timedelta(minutes=2)
MOST_RUNS_A_ROUND = 10_000
#: A run's time to its end, at most, for it to be seen.
LONGEST_RUN = timedelta(days=1)
FIELDS: list[RunSelectField] = [
    "ID",
    "START_TIME",
    "END_TIME",
    "STATUS",
    "PROMPT_TOKENS",
    "COMPLETION_TOKENS",
    "TOTAL_TOKENS",
    "TOTAL_COST",
]


@dataclass(slots=True)
class Project:
    """A project and what was read of it. `seen`: runs of the overlap with their end."""

    name: str
    read_until: datetime
    project_id: str | None = None
    run_count: int = 0
    error_count: int = 0
    seen: dict[str, datetime] = field(default_factory=dict)

    @property
    def agent_id(self) -> str:
        """The agent that stands for the project."""
        return f"langsmith:{self.name}"

    def take(self, runs: list[Run], until: datetime) -> list[Run]:
        """Those of `runs` that were not read before; notes them."""
        new = [run for run in runs if run.end_time is not None and str(run.id) not in self.seen]
        self.seen |= {str(run.id): _aware(run.end_time) for run in new if run.end_time}
        self.seen = {key: end for key, end in self.seen.items() if end > until - OVERLAP}
        self.run_count += len(new)
        self.error_count += sum(is_failed(run) for run in new)
        self.read_until = until
        return new


class LangSmithBridge(BaseAgent):
    """Reads runs of LangSmith's projects each `interval` seconds and beats for each project."""

    def __init__(
        self,
        *args: Any,
        project: list[str] | None = None,
        api_url: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        names = project or [os.environ.get("LANGSMITH_PROJECT", "default")]
        self.api_key = os.environ.get("LANGSMITH_API_KEY")
        self._api_url = api_url
        now = datetime.now(UTC)
        self.projects = [Project(name, now) for name in dict.fromkeys(names)]
        self._client: Client | None = None
        self._runs: AsyncRunsResource | None = None

    def get_capabilities(self) -> list[str]:
        return ["langsmith"]

    async def initialize_agent(self) -> None:
        if not self.api_key:
            return
        try:
            from langsmith import Client
        except ImportError as error:
            raise ConfigurationError(
                "LANGSMITH_API_KEY is set, but the package langsmith is not installed",
                hint="pip install 'hha[langsmith]'",
            ) from error
        self._runs = None
        self._client = Client(
            api_url=self._api_url,
            api_key=self.api_key,
            auto_batch_tracing=False,
            timeout_ms=30_000,
        )
        if self.shared_state is not None:
            for project in self.projects:
                await self.shared_state.register_agent(
                    project.agent_id,
                    {
                        "agent_name": project.name,
                        "agent_type": "LangSmithProject",
                        "expected_interval": self.interval,
                    },
                )

    async def do_work(self) -> int:
        """Runs read. Raises langsmith's errors when it does not answer."""
        if self._client is None:
            return 0
        if self._runs is None:  # asks for the server's version
            self._runs = await asyncio.to_thread(lambda client: client.runs, self._client)
        count = 0
        for project in self.projects:
            until = datetime.now(UTC)
            runs = await self._read(self._client, self._runs, project)
            new = project.take(runs, until)
            await self._report(project, new, until)
            count += len(new)
        return count

    async def get_performance_metrics(self) -> dict[str, Any]:
        facts = {"is_configured": bool(self.api_key), "project_count": len(self.projects)}
        return await super().get_performance_metrics() | facts

    async def _read(
        self, client: Client, resource: AsyncRunsResource, project: Project
    ) -> list[Run]:
        """The project's root runs that ended since it was read last, or shortly before."""
        if project.project_id is None:
            found = await asyncio.to_thread(client.read_project, project_name=project.name)
            project.project_id = str(found.id)
        since = project.read_until - OVERLAP
        pages = resource.query(
            project_ids=[project.project_id],
            is_root=True,
            include_subtree_usage=True,
            filter=f'gt(end_time, "{since.isoformat()}")',
            min_start_time=since - LONGEST_RUN,
            page_size=1000,
            selects=FIELDS,
        )
        runs: list[Run] = []
        async for run in pages:
            runs.append(run)
            if len(runs) == MOST_RUNS_A_ROUND:
                break
        return runs

    async def _report(self, project: Project, runs: list[Run], at: datetime) -> None:
        if self.shared_state is None:
            return
        metrics = measures(runs)
        data: dict[str, Any] = {
            "state": "running",
            "work_items_processed": project.run_count,
            "error_count": project.error_count,
            "run_id": self.run_id,
            **metrics,
        }
        if "llm_latency_mean_ms" in metrics:
            data["average_processing_time_ms"] = metrics["llm_latency_mean_ms"]
        await self.shared_state.update_agent_heartbeat(project.agent_id, at, data)
        await self.shared_state.log_performance_metrics(
            project.agent_id, [(name, value, UNITS[name]) for name, value in metrics.items()]
        )

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add("--project", action="append", help="a LangSmith project; may be given several times")
        add("--api-url", help="LangSmith's API; else LANGSMITH_ENDPOINT, else LangSmith's own")


UNITS = {
    "llm_run_count": "runs",
    "llm_error_rate_percent": "percent",
    "llm_latency_mean_ms": "ms",
    "llm_latency_p50_ms": "ms",
    "llm_latency_p95_ms": "ms",
    "llm_prompt_tokens": "tokens",
    "llm_completion_tokens": "tokens",
    "llm_total_tokens": "tokens",
    "llm_cost_usd": "USD",
}


def is_failed(run: Run) -> bool:
    """Whether a run ended in an error."""
    return run.status == "ERROR"


def measures(runs: list[Run]) -> dict[str, float]:
    """What these runs took, failed, read, wrote and cost; latency only where there are runs."""
    values: dict[str, float] = {
        "llm_run_count": float(len(runs)),
        "llm_prompt_tokens": float(sum(run.prompt_tokens or 0 for run in runs)),
        "llm_completion_tokens": float(sum(run.completion_tokens or 0 for run in runs)),
        "llm_total_tokens": float(sum(run.total_tokens or 0 for run in runs)),
        "llm_cost_usd": float(sum(run.total_cost or 0 for run in runs)),
    }
    latencies = sorted(
        max((_aware(run.end_time) - _aware(run.start_time)).total_seconds() * 1000.0, 0.0)
        for run in runs
        if run.end_time is not None and run.start_time is not None
    )
    if latencies:
        cuts = (
            statistics.quantiles(latencies, n=20, method="inclusive") if len(latencies) > 1 else []
        )
        values |= {
            "llm_error_rate_percent": 100.0 * sum(map(is_failed, runs)) / len(runs),
            "llm_latency_mean_ms": statistics.fmean(latencies),
            "llm_latency_p50_ms": statistics.median(latencies),
            "llm_latency_p95_ms": cuts[18] if cuts else latencies[0],
        }
    return values


def _aware(time: datetime) -> datetime:
    """LangSmith's times are UTC, with or without saying so."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


if __name__ == "__main__":
    LangSmithBridge.run_forever(agent_id="langsmith_bridge", interval=30.0)
