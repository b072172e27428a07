"""What every channel offers the bridge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from hha.bridge.section import Section


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery. `idempotency_key` stays the same at every attempt: receivers drop twins."""

    delivery_id: int
    channel: str
    severity: str
    subject: str
    body: str
    agent_ids: tuple[str, ...]
    details: dict[str, object]
    idempotency_key: str
    attempt: int


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """'failed' is worth another attempt (when is the database's decision), 'refused' is not."""

    outcome: Literal["delivered", "failed", "refused"]
    details: dict[str, object] = field(default_factory=dict)


class Channel(Protocol):
    """Somewhere to send a message. Sending may be cancelled."""

    async def send(self, message: Message) -> DeliveryResult: ...

    async def close(self) -> None: ...


class ChannelFactory(Protocol):
    """A parsed configuration of a channel. `secret_variables` name where its secrets came from."""

    @property
    def secret_variables(self) -> frozenset[str]: ...

    def build(self) -> Channel: ...


ChannelParser = Callable[[Section], ChannelFactory]
