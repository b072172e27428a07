"""Real receivers on loopback: HTTP like Slack's and Twilio's, and SMTP with STARTTLS and logins."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import json
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, cast
from urllib.parse import parse_qsl

import trustme
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ACCOUNT, TOKEN = "AC0123456789abcdef", "a token of the tests"
USER, PASSWORD = "hha", "a password of the tests"


@dataclass
class Answer:
    """What to answer instead of accepting: a status, or nothing at all."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    is_silent: bool = False


SILENCE = Answer(0, is_silent=True)


@dataclass
class HttpReceiver:
    """Requests as they came. `answers` are given first, then what the form deserves."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def http_receiver(
    path: str, judge: Callable[[web.Request, bytes], tuple[Any, Answer]]
) -> AsyncIterator[HttpReceiver]:
    """Serve POSTs to one path; `judge` gives the parsed body and what it deserves."""
    box = HttpReceiver()
    release = asyncio.Event()

    async def handle(request: web.Request) -> web.Response:
        body, deserved = judge(request, await request.read())
        box.headers.append(dict(request.headers))
        box.bodies.append(body)
        answer = box.answers.pop(0) if box.answers else deserved
        box.came.set()
        if answer.is_silent:
            await release.wait()
        return web.Response(status=answer.status or 200, headers=answer.headers, text=answer.body)

    app = web.Application()
    app.router.add_post(path, handle)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    box.url = f"http://127.0.0.1:{port}"
    try:
        yield box
    finally:
        release.set()
        await runner.cleanup()


SLACK_PATH = "/services/T000/B000/secret"
_SLACK_BLOCKS = {"section": "text", "actions": "elements", "context": "elements"}


def judge_slack(_request: web.Request, body: bytes) -> tuple[Any, Answer]:
    """The form Slack documents: text, and attachments with a colour and known blocks."""
    payload = json.loads(body)
    attachments = payload.get("attachments", [])
    blocks = [block for attachment in attachments for block in attachment["blocks"]]
    is_right = (
        0 < len(payload["text"]) <= 40_000
        and len(blocks) <= 50
        and all(_SLACK_BLOCKS[block["type"]] in block for block in blocks)
        and all(
            0 < len(block["text"]["text"]) <= 3_000
            for block in blocks
            if block["type"] == "section"
        )
    )
    return payload, Answer(200, body="ok") if is_right else Answer(400, body="invalid_blocks")


TWILIO_PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


def judge_twilio(request: web.Request, body: bytes) -> tuple[Any, Answer]:
    """Basic authentication and the form fields To, From or MessagingServiceSid, and Body."""
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    if request.headers.get("Authorization") != expected:
        return form, Answer(401, body='{"code": 20003, "message": "Authenticate"}')
    if not form.get("To", "").startswith("+"):
        return form, Answer(400, body='{"code": 21211, "message": "Invalid To"}')
    if not (form.get("From") or form.get("MessagingServiceSid")):
        return form, Answer(400, body='{"code": 21603, "message": "A From is required"}')
    if not 0 < len(form.get("Body", "")) <= 1_600:
        return form, Answer(400, body='{"code": 21617, "message": "Body too long"}')
    return form, Answer(201, body='{"sid": "SM1", "status": "queued"}')


def slack_receiver() -> Any:
    """Like hooks.slack.com."""
    return http_receiver(SLACK_PATH, judge_slack)


def twilio_receiver() -> Any:
    """Like api.twilio.com."""
    return http_receiver(TWILIO_PATH, judge_twilio)


@dataclass
class MailReceiver:
    """Letters as they came. `answers` are given first, to RCPT or to the whole letter."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    was_tls: list[bool] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    recipient_answers: dict[str, str] = field(default_factory=dict)
    is_silent: bool = False
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """aiosmtpd calls it for each recipient."""
        if answer := self.recipient_answers.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """aiosmtpd calls it for each letter."""
        if self.is_silent:
            await self.release.wait()
        if self.answers:
            return self.answers.pop(0)
        content = cast(bytes, envelope.content)
        letter = email.message_from_bytes(content, policy=email.policy.default)
        self.letters.append(cast(EmailMessage, letter))
        self.recipients.append(envelope.rcpt_tos)
        self.was_tls.append(session.ssl is not None)
        return "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """aiosmtpd calls it for each login."""
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        is_right = data == LoginPassword(USER.encode(), PASSWORD.encode())
        self.users.append(data.login.decode())
        return AuthResult(success=is_right, handled=False)


AUTHORITY = trustme.CA()


def server_context() -> ssl.SSLContext:
    """TLS for a server on 127.0.0.1, by an authority of the tests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    return context


@asynccontextmanager
async def mail_receiver(security: str = "starttls") -> AsyncIterator[MailReceiver]:
    """An SMTP server: 'starttls' and 'tls' want a login, 'none' wants nothing."""
    box = MailReceiver()
    context = server_context()

    def serve() -> SMTP:
        with warnings.catch_warnings():  # 'tls' is TLS from the first byte, which SMTP cannot see
            warnings.simplefilter("ignore")
            return smtp()

    def smtp() -> SMTP:
        return SMTP(
            box,
            hostname="mail.example.org",
            enable_SMTPUTF8=False,
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            authenticator=box.authenticate,
            auth_required=security != "none",
            auth_require_tls=security == "starttls",
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(
        serve, "127.0.0.1", 0, ssl=context if security == "tls" else None
    )
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        box.release.set()
        server.close()
