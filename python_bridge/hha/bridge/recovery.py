"""Carries out what the database asks for an agent, through that agent's configured executor."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from hha.bridge.database import HealthDatabase
from hha.bridge.executors import Executor
from hha.bridge.items import RecoveryAction
from hha.bridge.pace import Counters
from hha.bridge.worker import Report

logger = logging.getLogger(__name__)

_SHOWN_CHARACTERS = 60


class RecoveryWork:
    """Claims only actions of agents that this bridge has an executor for."""

    def __init__(
        self, database: HealthDatabase, executors: Mapping[str, Executor], counters: Counters
    ) -> None:
        self._database = database
        self._executors = executors
        self._counters = counters

    async def claim(self, limit: int) -> list[RecoveryAction]:
        return await self._database.claim_recovery_actions(limit, tuple(self._executors))

    def describe(self, item: RecoveryAction) -> dict[str, str | int]:
        return {
            "hha.action_id": item.lease.item_id,
            "hha.agent_id": item.agent_id,
            "hha.issue_type": item.issue_type,
            "hha.action": item.action,
            "hha.attempt": item.attempt,
        }

    async def begin(self, item: RecoveryAction) -> bool:
        return await self._database.report_recovery_action(item.lease, "executing", {})

    async def perform(self, item: RecoveryAction) -> Report:
        executor = self._executors.get(item.agent_id)
        if executor is None:
            return "refused", {"reason": "this bridge has no executor for the agent"}
        result = await executor.execute(
            item.action, f"action {item.lease.item_id}", item.parameters
        )
        self._counters.recovery_count += 1
        if result.outcome != "succeeded":
            self._counters.error_count += 1
        logger.log(
            logging.INFO if result.outcome == "succeeded" else logging.ERROR,
            "recovery %s",
            result.outcome,
            extra={
                "action": item.action[:_SHOWN_CHARACTERS],
                "agent_id": item.agent_id,
                "action_id": item.lease.item_id,
                "issue_type": item.issue_type,
                **{f"detail_{key}": value for key, value in result.details.items()},
            },
        )
        return result.outcome, result.details

    async def report(self, item: RecoveryAction, outcome: str, details: dict[str, object]) -> bool:
        return await self._database.report_recovery_action(item.lease, outcome, details)
