"""POST a message as JSON, signed, with an idempotency key.

Headers: `Idempotency-Key`, `X-HHA-Timestamp` (Unix seconds), and with a secret `X-HHA-Signature:
sha256=<hex>`, the HMAC-SHA256 of timestamp + "." + body. A receiver that checks the age of the
timestamp is safe from replays.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from hha.bridge.channels.contract import DeliveryResult, Message
from hha.bridge.section import Section

_WORTH_RETRYING = frozenset({408, 429})


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
    secret_url = section.secret("url")
    if secret_url is not None and section.has("url"):
        raise section.error("url", "give one of url, url_env and url_file")
    url = secret_url if secret_url is not None else section.text("url")
    problem = _problem_of(url)
    if problem is None and secret_url is None and httpx.URL(url).userinfo:
        problem = "a password must not be written here: use url_env or url_file"
    if problem is not None:
        raise section.error("url", problem)
    secret = section.secret("secret")
    return WebhookConfig(
        url=url,
        secret=secret,
        timeout_seconds=section.number("timeout_seconds", 10, least=0.1, most=25),
        secret_variables=frozenset(section.secret_variables),
    )


class WebhookChannel:
    """One connection pool to one URL; redirects are not followed."""

    def __init__(self, config: WebhookConfig) -> None:
        self._config = config
        self._client: httpx.AsyncClient | None = None

    async def send(self, message: Message) -> DeliveryResult:
        body = json.dumps(
            {
                "delivery_id": message.delivery_id,
                "channel": message.channel,
                "severity": message.severity,
                "subject": message.subject,
                "body": message.body,
                "agent_ids": list(message.agent_ids),
                "details": message.details,
                "idempotency_key": message.idempotency_key,
                "attempt": message.attempt,
            },
            default=str,
        ).encode()
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "hha-bridge",
            "Idempotency-Key": message.idempotency_key,
            "X-HHA-Timestamp": timestamp,
        }
        if self._config.secret is not None:
            headers["X-HHA-Signature"] = sign(self._config.secret, timestamp, body)
        if self._client is None:
            self._client = httpx.AsyncClient()
        # httpx's own time-out is per network operation: a receiver that drips would hold us.
        try:
            async with (
                asyncio.timeout(self._config.timeout_seconds),
                self._client.stream(
                    "POST", self._config.url, content=body, headers=headers, timeout=None
                ) as response,
            ):
                return _judge(response)
        except (httpx.HTTPError, TimeoutError) as reason:
            return DeliveryResult("failed", {"reason": type(reason).__name__})

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of X-HHA-Signature for a body sent at a timestamp."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _judge(response: httpx.Response) -> DeliveryResult:
    code = response.status_code
    details: dict[str, object] = {"http_status": code}
    if 200 <= code < 300:
        return DeliveryResult("delivered", details)
    if 400 <= code < 500 and code not in _WORTH_RETRYING:
        return DeliveryResult("refused", details)
    wait_seconds = retry_after_seconds(response.headers.get("Retry-After"), datetime.now(UTC))
    if wait_seconds is not None:
        details["retry_after_seconds"] = wait_seconds
    return DeliveryResult("failed", details)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from a Retry-After header (seconds or an HTTP date); None if unusable."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return min(float(value), 86_400.0)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), 86_400.0)


def _problem_of(url: str) -> str | None:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as reason:
        return f"not a URL: {reason}"
    if parsed.scheme not in ("http", "https") or not parsed.host:
        return "expected a URL that begins with https:// or http://"
    return None
