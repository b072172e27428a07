"""POST a message as JSON, signed, with an idempotency key.

Headers: `Idempotency-Key`, `X-HHA-Timestamp` (Unix seconds), and with a secret `X-HHA-Signature:
sha256=<hex>`, the HMAC-SHA256 of timestamp + "." + body. A receiver that checks the age of the
timestamp is safe from replays.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field

from hha.bridge.channels.contract import DeliveryResult, Message
from hha.bridge.channels.posting import Poster, read_timeout, read_url
from hha.bridge.section import Section


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """`url` and `secret` may come from the environment or a file, so neither is ever printed."""

    url: str = field(repr=False)
    secret: str | None = field(repr=False)
    timeout_seconds: float
    secret_variables: frozenset[str]

    def build(self) -> WebhookChannel:
        return WebhookChannel(self)


def parse(section: Section) -> WebhookConfig:
    """Read the keys of a channel of kind 'webhook'."""
    return WebhookConfig(
        url=read_url(section),
        secret=section.secret("secret"),
        timeout_seconds=read_timeout(section),
        secret_variables=frozenset(section.secret_variables),
    )


class WebhookChannel:
    """Posts every field of the message."""

    def __init__(self, config: WebhookConfig) -> None:
        self._config = config
        self._poster = Poster(config.timeout_seconds)

    async def send(self, message: Message) -> DeliveryResult:
        body = json.dumps(dataclasses.asdict(message), default=str).encode()
        timestamp = str(int(time.time()))
        headers = {"Content-Type": "application/json", "X-HHA-Timestamp": timestamp}
        if self._config.secret is not None:
            headers["X-HHA-Signature"] = sign(self._config.secret, timestamp, body)
        return await self._poster.post(self._config.url, message, headers=headers, content=body)

    async def close(self) -> None:
        await self._poster.close()


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of X-HHA-Signature for a body sent at a timestamp."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
