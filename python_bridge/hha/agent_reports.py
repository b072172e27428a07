"""What an agent reports of itself: heartbeats, metrics, errors. The half of `BaseAgent` that
talks to the database; nothing here raises because the database is away or refuses a value."""

from __future__ import annotations

import logging
import os
import socket
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from numbers import Real
from typing import Any

from hha.errors import DatabaseError, InvalidInput
from hha.heartbeat_data import unit_of, without_non_finite
from hha.process_usage import ProcessUsage
from hha.shared_state import SharedState

BUSINESS_ATTRIBUTES = {
    "cost_efficiency": "cost_efficiency",
    "user_satisfaction": "user_satisfaction",
    "operational_efficiency": "operational_efficiency",
    "revenue_impact": "revenue_impact_usd",
}


class AgentReports:
    """Counters since the process started (`run_id` names the process) and how they are told."""

    def __init__(
        self,
        agent_id: str,
        shared_state: SharedState | None,
        *,
        memory_limit_mb: float | None = None,
    ) -> None:
        self.agent_id = agent_id
        self.shared_state = shared_state
        self.memory_limit_mb = memory_limit_mb
        self.run_id = str(uuid.uuid4())
        self.started_at = datetime.now(UTC)
        self.work_items_processed = 0
        self.error_count = 0
        self.last_success_time: datetime | None = None
        self.logger = logging.getLogger(f"hha.agent.{agent_id}")
        self._unreported_items = 0
        self._unreported_seconds = 0.0
        self._usage = ProcessUsage()
        self._state = "initializing"
        self._complaints: set[str] = set()

    # To override: what is known of this agent. Leave out what is not.

    def get_capabilities(self) -> list[str]:
        """What the agent can do, for people."""
        return []

    async def get_performance_metrics(self) -> dict[str, Any]:
        """Work done since the process started; times in milliseconds per work item."""
        metrics: dict[str, Any] = {
            "work_items_processed": self.work_items_processed,
            "memory_usage_mb": self.get_memory_usage(),
            "cpu_usage_percent": self.get_cpu_usage(),
        }
        if self.average_processing_time_ms is not None:
            metrics["average_processing_time_ms"] = self.average_processing_time_ms
        if self.last_success_time is not None:
            metrics["last_successful_work"] = self.last_success_time
        return metrics

    async def get_resource_usage(self) -> dict[str, Any]:
        """CPU in percent of the whole host, memory in MB, and the limit when one was given."""
        usage: dict[str, Any] = {
            "cpu_usage_percent": self.get_cpu_usage(),
            "memory_usage_mb": self.get_memory_usage(),
            "thread_count": self._usage.thread_count(),
        }
        if self.memory_limit_mb is not None:
            usage["memory_limit_mb"] = self.memory_limit_mb
        return usage

    async def get_business_metrics(self) -> dict[str, Any]:
        """Those of cost_efficiency, user_satisfaction, operational_efficiency (0..100) and
        revenue_impact (USD) that the agent has set as attributes; {} when it has none."""
        known = {column: getattr(self, name, None) for name, column in BUSINESS_ATTRIBUTES.items()}
        return {column: value for column, value in known.items() if value is not None}

    def determine_error_severity(self, error: Exception) -> str:
        """Severity of the event that an error becomes: warning, error or critical."""
        if isinstance(error, MemoryError):
            return "critical"
        if isinstance(error, ConnectionError | TimeoutError):
            return "warning"
        return "error"

    async def assess_error_business_impact(self, error: Exception) -> dict[str, Any]:
        """What is known of the damage that an error did; {} by default."""
        return {}

    # Reading.

    def get_memory_usage(self) -> float:
        """Resident memory of this process in MB."""
        return self._usage.memory_mb()

    def get_cpu_usage(self) -> float:
        """CPU of this process since it was last asked for, percent of the whole host."""
        return self._usage.cpu_percent()

    @property
    def state(self) -> str:
        """The state last reported, also when reported through `shared_state` itself."""
        if self.shared_state is None:
            return self._state
        return self.shared_state.last_states.get(self.agent_id, self._state)

    async def get_current_state(self) -> str:
        """The same as `state`."""
        return self.state

    def note_work(self, items: int, seconds: float) -> None:
        """Count `items` done in `seconds`; do_work's result is counted by main_loop."""
        self.last_success_time = datetime.now(UTC)
        if items <= 0:
            return
        self.work_items_processed += items
        self._unreported_items += items
        self._unreported_seconds += seconds

    @property
    def average_processing_time_ms(self) -> float | None:
        """Mean time per work item since the last heartbeat; None without work since."""
        if self._unreported_items == 0:
            return None
        return round(1000.0 * self._unreported_seconds / self._unreported_items, 4)

    # Telling: True when the database has it.

    async def set_state(self, state: str) -> bool:
        """Become `state` and say so."""
        self._state = state
        return await self._tell(lambda s: s.update_agent_state(self.agent_id, state))

    async def send_heartbeat(self) -> bool:
        """Send one heartbeat now with the latest values.

        A metric that cannot be read or is refused is left out and logged: a wrong metric must
        not be taken for a death.
        """
        parts: dict[str, Any] = {}
        for name, read in (
            ("performance_metrics", self.get_performance_metrics),
            ("resource_usage", self.get_resource_usage),
            ("business_metrics", self.get_business_metrics),
        ):
            try:
                parts[name], dropped = without_non_finite(await read())
            except Exception as error:  # noqa: BLE001 (whatever the agent's own code raises)
                self._complain(f"{name} cannot be read: {type(error).__name__}: {error}")
            else:
                if dropped:
                    self._complain(f"{name} left out, not finite: {', '.join(dropped)}")
        reported = self._unreported_items, self._unreported_seconds
        try:
            is_stored = await self._tell(
                lambda s: s.update_agent_heartbeat(
                    self.agent_id, datetime.now(UTC), self._beat() | parts
                ),
                raising=InvalidInput,
            )
        except InvalidInput as error:
            self._complain(f"metrics refused, sending a bare heartbeat: {error.message}")
            is_stored = await self._tell(
                lambda s: s.update_agent_heartbeat(self.agent_id, None, self._beat())
            )
        if is_stored:
            self._unreported_items -= reported[0]
            self._unreported_seconds -= reported[1]
        return is_stored

    async def update_agent_heartbeat(
        self, agent_id: str, timestamp: datetime, data: Mapping[str, Any]
    ) -> bool:
        """Send a heartbeat with data of one's own; see `SharedState`."""
        return await self._tell(lambda s: s.update_agent_heartbeat(agent_id, timestamp, data))

    async def log_performance_metric(
        self, name: str, value: float, unit: str | None = None
    ) -> bool:
        """Add one value to this agent's series `name`."""
        return await self._tell(
            lambda s: s.log_performance_metric(self.agent_id, name, value, unit)
        )

    async def log_performance_metrics(self) -> bool:
        """Add every number of `get_performance_metrics` to its series.

        main_loop calls it after work, at most once per heartbeat interval.
        """
        metrics, _ = without_non_finite(await self.get_performance_metrics())
        numbers = [
            (name, float(value), unit_of(name))
            for name, value in metrics.items()
            if isinstance(value, Real) and not isinstance(value, bool)
        ]
        return await self._tell(lambda s: s.log_performance_metrics(self.agent_id, numbers))

    async def report_error(self, error: Exception) -> bool:
        """Record an error as the event 'agent_error'."""
        data = {
            "error_type": type(error).__name__,
            "error_message": str(error).replace("\0", "\\0")[:2000],
            "timestamp": datetime.now(UTC),
            "agent_state": await self.get_current_state(),
            "business_impact": await self.assess_error_business_impact(error),
            "run_id": self.run_id,
        }
        severity = self.determine_error_severity(error)
        return await self._tell(
            lambda s: s.log_system_event(
                "agent_error", data, agent_id=self.agent_id, severity=severity
            )
        )

    async def register(self, heartbeat_interval: float) -> bool:
        """Make this agent known with its type, capabilities and heartbeat interval (seconds)."""
        info = {
            "agent_type": type(self).__name__,
            "capabilities": self.get_capabilities(),
            "expected_interval": heartbeat_interval,
            "startup_time": self.started_at,
            "run_id": self.run_id,
            "pid": os.getpid(),
            "host": socket.gethostname(),
        }
        return await self._tell(lambda s: s.register_agent(self.agent_id, info))

    def _beat(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "run_id": self.run_id,
            "error_count": self.error_count,
            "work_items_processed": self.work_items_processed,
        }

    async def _tell(
        self,
        call: Callable[[SharedState], Awaitable[bool]],
        raising: type[DatabaseError] | tuple[()] = (),
    ) -> bool:
        if self.shared_state is None:
            return False
        try:
            return await call(self.shared_state)
        except DatabaseError as error:
            if isinstance(error, raising):
                raise
            self._complain(str(error).replace("\n", "; "))
            return False

    def _complain(self, message: str) -> None:
        """Log a message once, however often it recurs."""
        if message not in self._complaints and len(self._complaints) < 100:
            self._complaints.add(message)
            self.logger.warning(message, extra=self._about("report_refused"))

    def _about(self, action: str, **facts: Any) -> dict[str, Any]:
        return {"action": action, "agent_id": self.agent_id, **facts}
