"""Receivers on loopback in place of Slack, a mail server and Twilio: where the messages arrive."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

ACCOUNT = "ACdemo"
#: Receivers by name, which is also the name of the channel, and the channel's kind.
RECEIVERS = {"slack": "slack", "email": "email", "sms": "sms"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that arrived: when by this process's clock, its idempotency key, its headline."""

    receiver: str
    at: datetime
    key: str
    headline: str


@dataclass(slots=True)
class Inbox:
    """What arrived so far, in order, and where the receivers listen."""

    arrivals: list[Arrival] = field(default_factory=list)
    http_port: int = 0
    smtp_port: int = 0

    def add(self, receiver: str, key: str, headline: str) -> None:
        """Note an arrival, at once."""
        self.arrivals.append(Arrival(receiver, datetime.now(UTC), key, headline))

    def channels(self, folder: Path) -> str:
        """The bridge's configuration of channels to here; their secrets become files in folder."""
        base = f"http://127.0.0.1:{self.http_port}"
        secrets = {"slack_url": f"{base}/services/demo", "sms_token": "of the demo"}
        for name, text in secrets.items():
            path = folder / name
            path.write_text(text, encoding="utf-8")
            path.chmod(0o600)
        return f"""
[channels.slack]
kind = "slack"
url_file = "slack_url"

[channels.email]
kind = "email"
host = "127.0.0.1"
port = {self.smtp_port}
security = "none"
from = "hha@demo.example"
to = ["on-call@demo.example"]

[channels.sms]
kind = "sms"
base_url = "{base}"
account_sid = "{ACCOUNT}"
auth_token_file = "sms_token"
from = "+15550100"
to = "+15550101"
"""


@contextlib.asynccontextmanager
async def open_inbox() -> AsyncIterator[Inbox]:
    """Receive until the end of the block."""
    inbox = Inbox()
    smtp = await asyncio.start_server(
        lambda reader, writer: _serve_smtp(reader, writer, inbox), "127.0.0.1", 0, limit=1 << 20
    )
    inbox.smtp_port = smtp.sockets[0].getsockname()[1]
    with _http_server(inbox):
        try:
            yield inbox
        finally:
            smtp.close()


@contextlib.contextmanager
def _http_server(inbox: Inbox) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            receive = _HTTP_RECEIVERS.get(self.path)
            try:
                found = receive(body) if receive else None
            except (ValueError, KeyError, TypeError):
                found = None
            if found is not None:
                inbox.add(found[0], self.headers.get("Idempotency-Key", ""), found[1])
            self.send_response(400 if found is None else 201 if found[0] == "sms" else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    inbox.http_port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _receive_slack(body: bytes) -> tuple[str, str]:
    payload = json.loads(body)
    if not all(attachment["blocks"] for attachment in payload["attachments"]):
        raise ValueError("an attachment without blocks")
    return "slack", str(payload["text"])


def _receive_sms(body: bytes) -> tuple[str, str]:
    form = dict(parse_qsl(body.decode(), strict_parsing=True))
    if not (form["To"] and form["From"] and len(form["Body"]) <= 160):
        raise ValueError("not one text message")
    return "sms", form["Body"]


_HTTP_RECEIVERS: dict[str, Callable[[bytes], tuple[str, str]]] = {
    "/services/demo": _receive_slack,
    f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json": _receive_sms,
}


async def _serve_smtp(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, inbox: Inbox
) -> None:
    """As much of SMTP as one letter needs."""

    async def say(line: str) -> None:
        writer.write(line.encode() + b"\r\n")
        await writer.drain()

    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        await say("220 demo.example")
        while line := (await reader.readuntil(b"\n")).decode("ascii", "replace").strip().upper():
            if line == "DATA":
                await say("354 go on")
                content = await reader.readuntil(b"\r\n.\r\n")
                letter = email.message_from_bytes(content, policy=email.policy.default)
                key = str(letter["Message-ID"]).strip("<>").partition("@")[0]
                inbox.add("email", key, str(letter["Subject"]))
            elif line == "QUIT":
                await say("221 goodbye")
                break
            is_known = line.startswith(("EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP"))
            await say("250 demo.example" if is_known else "502 not in a demo")
    writer.close()
