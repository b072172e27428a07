"""A hundred other services through apprise, an extra: pip install 'hha[apprise]'.

Apprise says only whether a message was taken, so every refusal is tried again. The idempotency key
stands in the last line, for none of its services has another place for it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hha.bridge.channels.contract import DeliveryResult, Message
from hha.bridge.channels.posting import read_timeout
from hha.bridge.channels.writer import Writer
from hha.bridge.section import Section

if TYPE_CHECKING:
    import apprise

SUBJECT, TEXT = "subject.txt.j2", "message.txt.j2"
_KINDS = {"info": "info", "warning": "warning", "critical": "failure", "emergency": "failure"}


@dataclass(frozen=True, slots=True)
class AppriseConfig:
    """What apprise made of the URL."""

    target: apprise.Apprise = field(repr=False)
    timeout_seconds: float
    writer: Writer = field(repr=False)
    secret_variables: frozenset[str]

    def build(self) -> AppriseChannel:
        return AppriseChannel(self)


def parse(section: Section) -> AppriseConfig:
    """Read the keys of a channel of kind 'apprise'."""
    try:
        import apprise
    except ImportError:
        problem = "apprise is not installed: pip install 'hha[apprise]'"
        raise section.error("kind", problem) from None
    # Its log lines hold URLs, and those hold secrets.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    url, target = section.secret("url"), apprise.Apprise()
    if section.has("url") or url is None:
        raise section.error("url", "this URL is a secret: give url_env or url_file")
    if not target.add(url):
        raise section.error("url", "apprise knows no such service, or the URL lacks a part")
    return AppriseConfig(
        target,
        read_timeout(section),
        Writer.read(section, SUBJECT, TEXT),
        frozenset(section.secret_variables),
    )


class AppriseChannel:
    """Whatever services the URL names."""

    def __init__(self, config: AppriseConfig) -> None:
        self._config = config

    async def send(self, message: Message) -> DeliveryResult:
        writer = self._config.writer
        notice = writer.notice(message)
        kind = "success" if notice.is_resolved else _KINDS.get(message.severity, "info")
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                is_taken = await self._config.target.async_notify(
                    title=writer.write_line(SUBJECT, notice),
                    body=f"{writer.write(TEXT, notice)}\n\n{notice.idempotency_key}",
                    notify_type=kind,
                    body_format="text",
                )
        except TimeoutError:
            return DeliveryResult("failed", {"reason": "TimeoutError"})
        return DeliveryResult("delivered" if is_taken else "failed")

    async def close(self) -> None:
        return None
