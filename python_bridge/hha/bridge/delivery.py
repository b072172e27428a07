"""Sends what stands in the outbox, through the channel that the configuration has for its name."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from hha.bridge.channels import Channel
from hha.bridge.database import HealthDatabase
from hha.bridge.items import Delivery
from hha.bridge.pace import Counters
from hha.bridge.worker import Report

logger = logging.getLogger(__name__)


class DeliveryWork:
    """Claims only messages for channels that this bridge knows."""

    def __init__(
        self, database: HealthDatabase, channels: Mapping[str, Channel], counters: Counters
    ) -> None:
        self._database = database
        self._channels = channels
        self._counters = counters

    async def claim(self, limit: int) -> list[Delivery]:
        return await self._database.claim_deliveries(limit, tuple(self._channels))

    def describe(self, item: Delivery) -> dict[str, str | int]:
        message = item.message
        return {
            "hha.delivery_id": message.delivery_id,
            "hha.channel": message.channel,
            "hha.severity": message.severity,
            "hha.event": str(message.details.get("event", "")),
            "hha.attempt": message.attempt,
        }

    async def begin(self, item: Delivery) -> bool:
        return True

    async def perform(self, item: Delivery) -> Report:
        channel = self._channels.get(item.message.channel)
        if channel is None:
            return "refused", {"reason": "this bridge has no such channel"}
        result = await channel.send(item.message)
        if result.outcome == "delivered":
            self._counters.delivery_count += 1
        else:
            self._counters.error_count += 1
            logger.warning(
                "delivery %s",
                result.outcome,
                extra={
                    "action": "deliver",
                    "channel": item.message.channel,
                    "delivery_id": item.message.delivery_id,
                    "attempt": item.message.attempt,
                    **{f"detail_{key}": value for key, value in result.details.items()},
                },
            )
        return result.outcome, result.details

    async def report(self, item: Delivery, outcome: str, details: dict[str, object]) -> bool:
        return await self._database.report_delivery(item.lease, outcome, details)
