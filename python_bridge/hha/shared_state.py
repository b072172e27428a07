"""What agents tell the database and what analysts ask it: `SharedState`.

Each method is one call of a `health` function or one SELECT of a view. Telling never takes down
what is monitored: while the database cannot be reached the telling methods return False and
nothing is kept but the latest registration. Asking raises `DatabaseUnavailable`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from hha.connection import resolve_dsn
from hha.database_link import LONGEST_DELAY_SECONDS, DatabaseLink
from hha.errors import (
    DatabaseError,
    DatabaseUnavailable,
    SchemaMissing,
    TransientError,
)
from hha.heartbeat_data import renamed, to_json
from hha.questions import Questions

logger = logging.getLogger(__name__)

REGISTRATION_KEYS = {
    "agent_name",
    "agent_type",
    "expected_interval",
    "capabilities",
    "policy_class",
}


class SharedState(Questions):
    """The database as an agent or an analyst sees it.

    `dsn` is a libpq connection string; None means HHA_DSN, else libpq's PG*
    variables, else the embedded server when it runs.
    Use it as `async with SharedState() as state:`. It connects when first needed. Telling and
    asking use a connection each, so that a long question does not delay a heartbeat.
    """

    def __init__(
        self,
        dsn: str | None = None,
        *,
        application_name: str = "hha agent",
        call_timeout: float = 10.0,
    ) -> None:
        where = resolve_dsn(dsn)
        self._writer = DatabaseLink(
            where, application_name=application_name, call_timeout=call_timeout
        )
        super().__init__(DatabaseLink(where, application_name=application_name, call_timeout=60.0))
        self._unsent_registrations: dict[str, Mapping[str, Any]] = {}
        self._registered: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._is_lost = False
        self.last_states: dict[str, str] = {}

    @property
    def conninfo(self) -> str:
        """The connection string that is used, completed with keep-alives."""
        return self._writer.conninfo

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._writer.close()
        await self._reader.close()

    def abandon(self) -> None:
        """Wait no longer for answers that are due: for an agent that must stop now."""
        self._writer.abandon()
        self._reader.abandon()

    # Telling: True when the database has it, False when it cannot be reached now.

    async def register_agent(self, agent_id: str, info: Mapping[str, Any] | None = None) -> bool:
        """Make an agent known; may be repeated, and is repeated by itself after a loss.

        `info` may hold agent_name, agent_type, expected_interval (seconds or timedelta, the
        time between heartbeats), capabilities (any JSON) and policy_class; whatever else it
        holds becomes an event 'agent_registered'.
        """
        facts = dict(info or {})
        interval = facts.get("expected_interval")
        if isinstance(interval, int | float):
            facts["expected_interval"] = interval = timedelta(seconds=interval)
        if interval is not None:  # whoever beats quickly must be back quickly
            seconds = interval.total_seconds()
            self._writer.backoff.limit(min(max(seconds, 1.0), LONGEST_DELAY_SECONDS))
        self._unsent_registrations[agent_id] = facts
        return await self._write(None)

    async def wait_registered(self, agent_id: str) -> None:
        """Wait until the database has answered to the registration of an agent."""
        await self._registered[agent_id].wait()

    async def update_agent_state(self, agent_id: str, state: str) -> bool:
        """Say what the agent does now: initializing, active, running, idle, error, failed,
        stopping or stopped. Raises InvalidInput for any other state."""
        self.last_states[agent_id] = state
        return await self._write(
            "SELECT health.update_agent_state(p_agent_id => %s, p_state => %s)",
            (agent_id, state),
        )

    async def update_agent_heartbeat(
        self, agent_id: str, timestamp: datetime | None, data: Mapping[str, Any] | None = None
    ) -> bool:
        """Send a heartbeat with `timestamp`, the agent's own clock (aware; None: not known).

        `data` has the form {'state', 'performance_metrics': {…}, 'resource_usage': {…},
        'error_count', 'business_metrics': {…}}, or is flat. Names of columns of
        health.agent_heartbeats fill them (cpu_usage_percent is of the whole host, memory in MB,
        times in ms, counters since the process started), others go to `attributes`.
        Raises InvalidInput when a value is NaN, infinite or out of its range.
        """
        metrics = renamed(data or {})
        state = str(metrics.pop("state", None) or "running")
        if timestamp is not None:
            metrics["sent_at"] = timestamp.isoformat()
        self.last_states[agent_id] = state
        return await self._write(
            "SELECT health.heartbeat("
            "p_agent_id => %s, p_state => %s, p_metrics => %s::text::jsonb)",
            (agent_id, state, to_json(metrics, f"heartbeat of agent '{agent_id}'")),
        )

    async def log_performance_metric(
        self,
        agent_id: str,
        name: str,
        value: float,
        unit: str | None = None,
        recorded_at: datetime | None = None,
    ) -> bool:
        """Add one value to the agent's series `name`; raises InvalidInput for NaN."""
        return await self.log_performance_metrics(
            agent_id, [(name, value, unit)], recorded_at=recorded_at
        )

    async def log_performance_metrics(
        self,
        agent_id: str,
        metrics: Iterable[tuple[str, float, str | None]],
        recorded_at: datetime | None = None,
    ) -> bool:
        """Add (name, value, unit) to several series of one agent in one round trip."""
        rows = [(agent_id, name, float(value), unit, recorded_at) for name, value, unit in metrics]
        if not rows:
            return True
        return await self._write_many(
            "SELECT health.log_performance_metric(p_agent_id => %s, p_metric_name => %s,"
            " p_metric_value => %s, p_unit => %s, p_recorded_at => %s)",
            rows,
        )

    async def log_system_event(
        self,
        event_type: str,
        event_data: Mapping[str, Any] | None = None,
        *,
        agent_id: str,
        severity: str = "info",
    ) -> bool:
        """Record an event. Severity: debug, info, warning, error, critical or emergency."""
        return await self._write(
            "SELECT health.log_system_event(p_agent_id => %s, p_event_type => %s,"
            " p_severity => %s, p_event_data => %s::text::jsonb)",
            (
                agent_id,
                event_type,
                severity.lower(),
                to_json(event_data or {}, f"event '{event_type}' of agent '{agent_id}'"),
            ),
        )

    async def _write(self, query: str | None, params: Sequence[Any] = ()) -> bool:
        return await self._write_many(query, [params])

    async def _write_many(self, query: str | None, rows: Sequence[Sequence[Any]]) -> bool:
        try:
            await self._send_registrations()
            if query is None:
                pass
            elif len(rows) == 1:
                await self._writer.fetch(query, rows[0])
            else:
                await self._writer.run_many(query, rows)
        except (DatabaseUnavailable, TransientError) as error:
            if not self._is_lost:
                logger.warning(
                    "database lost, going on without it: %s",
                    error.message.partition("\n")[0],
                    extra={"action": "database_lost"},
                )
            self._is_lost = True
            return False
        if self._is_lost:
            logger.info("database is back", extra={"action": "database_back"})
        self._is_lost = False
        return True

    async def _send_registrations(self) -> None:
        for agent_id, info in list(self._unsent_registrations.items()):
            try:
                await self._register(agent_id, info)
            except (DatabaseUnavailable, TransientError, SchemaMissing):
                raise  # it stays in the dictionary and is sent before the next write
            except DatabaseError:
                self._end_registration(agent_id)
                raise
            self._end_registration(agent_id)

    def _end_registration(self, agent_id: str) -> None:
        self._unsent_registrations.pop(agent_id, None)
        self._registered[agent_id].set()

    async def _register(self, agent_id: str, info: Mapping[str, Any]) -> None:
        capabilities = info.get("capabilities")
        await self._writer.fetch(
            "SELECT health.register_agent(p_agent_id => %s, p_agent_name => %s,"
            " p_agent_type => %s, p_expected_interval => %s,"
            " p_capabilities => %s::text::jsonb, p_policy_class => %s)",
            (
                agent_id,
                info.get("agent_name"),
                info.get("agent_type"),
                info.get("expected_interval"),
                None if capabilities is None else to_json(capabilities, "capabilities"),
                info.get("policy_class"),
            ),
        )
        facts = {name: value for name, value in info.items() if name not in REGISTRATION_KEYS}
        if facts:
            await self._writer.fetch(
                "SELECT health.log_system_event(p_agent_id => %s,"
                " p_event_type => 'agent_registered', p_event_data => %s::text::jsonb)",
                (agent_id, to_json(facts, "registration")),
            )
