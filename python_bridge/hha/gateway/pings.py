"""What a ping's address and body say."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hmac import compare_digest
from urllib.parse import parse_qs, unquote

from starlette.types import Receive

#: Bytes of a body that are kept, its beginning and its end: what broke is told at the end.
BODY_LIMIT = 6000
_HEAD, _TAIL = 2000, 4000

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_SLUG = re.compile(r"[a-z0-9_-]{1,100}")
_SIGNALS = ("start", "fail", "log")
_MOST_EXIT_STATUS = 255
_LONGEST_RUN_ID = 200


class BadPing(Exception):
    """The address is not one of a ping, or says something that makes no sense."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Address:
    """Whose ping it is and what it tells; ``signal`` None is a plain ping."""

    ping_id: str | None
    slug: str | None
    signal: str | None
    exit_code: int | None
    run_id: str | None

    def document(self, body: str | None) -> str:
        """The ping as health.record_pings reads it, a JSON object."""
        attributes: dict[str, object] = {}
        if self.exit_code is not None:
            attributes["exit_code"] = self.exit_code
        if body:
            attributes["body"] = body
        parts: dict[str, object] = {"ping_id": self.ping_id, "slug": self.slug}
        if self.signal is not None:
            parts["signal"] = self.signal
        if self.run_id is not None:
            parts["run_id"] = self.run_id
        if attributes:
            parts["attributes"] = attributes
        return json.dumps(parts)


def is_ping_id(text: str) -> bool:
    """Whether it looks like the secret part of a ping URL."""
    return _UUID.fullmatch(text) is not None


def read_address(path: str, query: bytes, ping_key: str | None, *, has_open_slugs: bool) -> Address:
    """The address of a ping from the path below /ping/, not yet unquoted, and the query.

    Raises BadPing.
    """
    first, *rest = path.split("/")
    first = unquote(first)
    if is_ping_id(first):
        ping_id, slug = first, None
        if rest == [""]:  # Healthchecks takes the address with a slash behind it, too.
            rest = []
    else:
        ping_id, slug = None, first
        if has_open_slugs:
            pass
        elif ping_key is not None and rest and compare_digest(first.encode(), ping_key.encode()):
            slug = unquote(rest.pop(0))
        else:
            raise BadPing(404, "not found")
        if not _SLUG.fullmatch(slug):
            raise BadPing(400, "invalid url format: a slug is of a-z, 0-9, - and _")
    if len(rest) > 1:
        raise BadPing(404, "not found")
    signal, exit_code = _read_signal(unquote(rest[0])) if rest else (None, None)
    return Address(ping_id, slug, signal, exit_code, _read_run_id(query))


def _read_signal(text: str) -> tuple[str, int | None]:
    if text in _SIGNALS:
        return text, None
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= _MOST_EXIT_STATUS:
        return ("fail" if int(text) else "success"), int(text)
    raise BadPing(
        400, "invalid url format: expected start, fail, log or an exit status from 0 to 255"
    )


def _read_run_id(query: bytes) -> str | None:
    if not query:
        return None
    try:
        given = parse_qs(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100
        ).get("rid")
    except ValueError as error:
        raise BadPing(400, f"the query cannot be read: {error}") from error
    if given is None:
        return None
    run_id = given[0]
    if not run_id or len(run_id.encode()) > _LONGEST_RUN_ID or not _is_printable(run_id):
        raise BadPing(
            400, "invalid rid: 1 to 200 bytes without control characters, one name for each run"
        )
    return run_id


def _is_printable(text: str) -> bool:
    return not any(character < " " or character == "\x7f" for character in text)


async def read_body(receive: Receive) -> str | None:
    """The body of a request, of a long one its beginning and its end; None of an empty one.

    However long it is, no more than the limit is held. Raises ConnectionResetError when the
    client goes before its end.
    """
    head, tail, length = bytearray(), bytearray(), 0
    is_more = True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        chunk: bytes = message.get("body", b"")
        is_more = message.get("more_body", False)
        length += len(chunk)
        room = _HEAD - len(head)
        head += chunk[:room]
        tail += chunk[max(room, 0) :]
        del tail[:-_TAIL]
    if length == 0:
        return None
    if length == len(head) + len(tail):
        return _as_text(bytes(head + tail), BODY_LIMIT)
    left_out = f"\n… {length - len(head) - len(tail)} bytes left out …\n"
    return _as_text(bytes(head), _HEAD) + left_out + _as_text(bytes(tail), _TAIL)


def _as_text(data: bytes, limit: int) -> str:
    text = data.decode(errors="replace").replace("\0", "\ufffd")
    return text.encode()[:limit].decode(errors="ignore")  # a byte that is no text takes three
