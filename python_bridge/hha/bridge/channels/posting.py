"""POST to an HTTP receiver, and what its answer means for the outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from hha.bridge.channels.contract import DeliveryResult, Message
from hha.bridge.section import Section

# 408 timed out, 425 too early, 429 too many: the same request may succeed later.
WORTH_RETRYING = frozenset({408, 425, 429})
_LONGEST_WAIT_SECONDS = 86_400.0
_LONGEST_ANSWER = 4_096

Explain = Callable[[bytes], dict[str, object]]


def read_timeout(section: Section) -> float:
    """The key `timeout_seconds`: of one attempt as a whole, shorter than the delivery's lease."""
    return section.number("timeout_seconds", 10, least=0.1, most=25)


def read_url(section: Section, key: str = "url", default: str | None = None) -> str:
    """A URL, or `<key>_env` or `<key>_file` where it holds a secret."""
    secret = section.secret(key)
    if secret is not None and section.has(key):
        raise section.error(key, f"give one of {key}, {key}_env and {key}_file")
    url = secret if secret is not None else section.text(key, default)
    problem = problem_of_url(url)
    if problem is None and secret is None and httpx.URL(url).userinfo:
        problem = f"a password must not be written here: use {key}_env or {key}_file"
    if problem is not None:
        raise section.error(key, problem)
    return url


def read_secret_url(section: Section, key: str = "url") -> str:
    """A URL that is itself the secret: `<key>_env` or `<key>_file`, never written down."""
    if section.has(key):
        raise section.error(key, f"this URL is a secret: use {key}_env or {key}_file")
    url = section.secret(key)
    if url is None:
        raise section.error(key, f"is missing: give {key}_env or {key}_file")
    if problem := problem_of_url(url):
        raise section.error(key, problem)
    return url


def problem_of_url(url: str) -> str | None:
    """What is wrong with a URL, None if nothing."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as reason:
        return f"not a URL: {reason}"
    if parsed.scheme not in ("http", "https") or not parsed.host:
        return "expected a URL that begins with https:// or http://"
    return None


class Poster:
    """One connection pool; redirects are not followed."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._client: httpx.AsyncClient | None = None

    async def post(
        self, url: str, message: Message, *, explain: Explain | None = None, **request: Any
    ) -> DeliveryResult:
        """POST with the message's key in `Idempotency-Key`. `request` goes to httpx.

        `explain` picks from the body of a refusal what may be stored: a body may hold secrets.
        """
        headers = {
            "User-Agent": "hha-bridge",
            "Idempotency-Key": message.idempotency_key,
            **request.pop("headers", {}),
        }
        if self._client is None:
            self._client = httpx.AsyncClient()
        result: DeliveryResult | None = None
        # httpx's own time-out is per network operation: a receiver that drips would hold us.
        try:
            async with (
                asyncio.timeout(self._timeout_seconds),
                self._client.stream(
                    "POST", url, headers=headers, timeout=None, **request
                ) as response,
            ):
                result = judge(response)
                if explain is not None and result.outcome != "delivered":
                    result.details.update(explain(await _beginning(response)))
                return result
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as reason:
            # What was judged stands, even if the body never came.
            return result or DeliveryResult("failed", {"reason": type(reason).__name__})

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()


@dataclass(frozen=True, slots=True)
class PostConfig:
    """A channel that is one POST per message: `request` gives httpx's arguments for it."""

    url: str = field(repr=False)
    timeout_seconds: float
    request: Callable[[Message], dict[str, Any]] = field(repr=False)
    secret_variables: frozenset[str]
    explain: Explain | None = None

    def build(self) -> PostChannel:
        return PostChannel(self)


class PostChannel:
    """Posts what its configuration makes of a message."""

    def __init__(self, config: PostConfig) -> None:
        self._config = config
        self._poster = Poster(config.timeout_seconds)

    async def send(self, message: Message) -> DeliveryResult:
        config = self._config
        return await self._poster.post(
            config.url, message, explain=config.explain, **config.request(message)
        )

    async def close(self) -> None:
        await self._poster.close()


def judge(response: httpx.Response) -> DeliveryResult:
    """2xx is delivered; 4xx refused, but for those worth retrying; all else failed."""
    code = response.status_code
    details: dict[str, object] = {"http_status": code}
    if 200 <= code < 300:
        return DeliveryResult("delivered", details)
    if 400 <= code < 500 and code not in WORTH_RETRYING:
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
        return min(float(value), _LONGEST_WAIT_SECONDS)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_WAIT_SECONDS)


async def _beginning(response: httpx.Response) -> bytes:
    found = b""
    async for chunk in response.aiter_bytes():
        found += chunk
        if len(found) >= _LONGEST_ANSWER:
            break
    return found[:_LONGEST_ANSWER]
