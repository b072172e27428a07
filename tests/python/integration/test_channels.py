"""Each channel against a real receiver: what arrives, and what each answer is taken for."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from receivers import (
    ACCOUNT,
    AUTHORITY,
    PASSWORD,
    SILENCE,
    SLACK_PATH,
    TOKEN,
    USER,
    Answer,
    HttpReceiver,
    http_receiver,
    mail_receiver,
    slack_receiver,
    twilio_receiver,
)

from hha.bridge import parse_config
from hha.bridge.channels import Channel, DeliveryResult
from hha.bridge.channels.samples import BARE, DIGEST, FULL, RESOLVED

FAILED = DeliveryResult("failed")


@pytest.fixture
def make(tmp_path: Path) -> Any:
    """Makes a channel of the given keys; secrets are files."""

    def build(
        timeout_seconds: float = 5, secrets: dict[str, str] | None = None, **keys: Any
    ) -> Channel:
        for name, value in (secrets or {}).items():
            (tmp_path / name).write_text(value, encoding="utf-8")
            keys[f"{name}_file"] = name
        lines = [f"{name} = {json.dumps(value)}" for name, value in keys.items()]
        text = "\n".join(["[channels.c]", f"timeout_seconds = {timeout_seconds}", *lines])
        return parse_config(text, source=tmp_path / "bridge.toml").channels["c"].build()

    return build


@pytest.fixture
async def slack() -> AsyncIterator[HttpReceiver]:
    async with slack_receiver() as box:
        yield box


@pytest.fixture
async def twilio() -> AsyncIterator[HttpReceiver]:
    async with twilio_receiver() as box:
        yield box


def slack_channel(make: Any, box: HttpReceiver, **keys: Any) -> Channel:
    return make(kind="slack", secrets={"url": box.url + SLACK_PATH}, **keys)  # type: ignore[no-any-return]


def sms_channel(make: Any, box: HttpReceiver, **keys: Any) -> Channel:
    secrets = {"auth_token": keys.pop("token", TOKEN)}
    numbers = {"from": "+15550100", "to": "+15550101"} | keys
    return make(  # type: ignore[no-any-return]
        kind="sms", base_url=box.url, account_sid=ACCOUNT, secrets=secrets, **numbers
    )


# --- Slack and SMS: form ---------------------------------------------------------------------


@pytest.mark.parametrize("message", [FULL, RESOLVED, DIGEST, BARE])
async def test_slack_accepts_the_form(make: Any, slack: HttpReceiver, message: Any) -> None:
    channel = slack_channel(make, slack, link_url="https://monitor.example.org/{agent_id}")
    assert (await channel.send(message)).outcome == "delivered"
    await channel.close()
    assert slack.headers[0]["Idempotency-Key"] == message.idempotency_key
    (attachment,) = slack.bodies[0]["attachments"]
    button = attachment["blocks"][-1]["elements"][0]
    assert button["type"] == "button"
    assert button["url"].startswith("https://monitor.example.org/")
    assert ("acknowledge" in button["text"]["text"]) is (message is not RESOLVED)


async def test_slack_shows_the_severity_as_colour(make: Any, slack: HttpReceiver) -> None:
    channel = slack_channel(make, slack)
    for severity in ("info", "warning", "critical", "emergency"):
        await channel.send(dataclasses.replace(FULL, severity=severity))
    await channel.send(RESOLVED)
    await channel.close()
    assert len({body["attachments"][0]["color"] for body in slack.bodies}) == 5


@pytest.mark.parametrize("message", [FULL, RESOLVED, DIGEST, BARE])
async def test_twilio_accepts_the_form(make: Any, twilio: HttpReceiver, message: Any) -> None:
    channel = sms_channel(make, twilio)
    result = await channel.send(message)
    await channel.close()
    assert result == DeliveryResult("delivered", {"http_status": 201})
    assert twilio.headers[0]["Idempotency-Key"] == message.idempotency_key
    assert twilio.headers[0]["Content-Type"] == "application/x-www-form-urlencoded"
    (form,) = twilio.bodies
    assert form["From"] == "+15550100"
    assert form["To"] == "+15550101"
    assert len(form["Body"]) <= 160
    assert form["Body"].startswith(("CRITICAL", "RESOLVED"))


async def test_a_messaging_service_takes_the_place_of_from(make: Any, twilio: HttpReceiver) -> None:
    channel = make(
        kind="sms",
        base_url=twilio.url + "/",
        account_sid=ACCOUNT,
        secrets={"auth_token": TOKEN},
        messaging_service_sid="MG1",
        to="+15550101",
    )
    assert (await channel.send(FULL)).outcome == "delivered"
    await channel.close()
    assert twilio.bodies[0]["MessagingServiceSid"] == "MG1"
    assert "From" not in twilio.bodies[0]


async def test_a_wrong_token_is_refused_with_twilios_number(
    make: Any, twilio: HttpReceiver
) -> None:
    channel = sms_channel(make, twilio, token="wrong")
    result = await channel.send(FULL)
    await channel.close()
    assert result == DeliveryResult("refused", {"http_status": 401, "twilio_error": 20003})


# --- Slack, SMS, webhook, Alertmanager: what an answer means ---------------------------------


@pytest.fixture
async def anything() -> AsyncIterator[HttpReceiver]:
    """Accepts every POST."""

    def accept(_request: Any, body: bytes) -> tuple[Any, Answer]:
        return body, Answer(200)

    async with http_receiver("/{path:.*}", accept) as box:
        yield box


def http_channel(kind: str, make: Any, box: HttpReceiver, **keys: Any) -> Channel:
    if kind == "slack":
        return slack_channel(make, box, **keys)
    if kind == "sms":
        return sms_channel(make, box, **keys)
    return make(kind=kind, url=box.url, **keys)  # type: ignore[no-any-return]


HTTP_KINDS = pytest.mark.parametrize("kind", ["slack", "sms", "webhook", "alertmanager"])


@HTTP_KINDS
@pytest.mark.parametrize(
    ("answer", "outcome", "wait_seconds"),
    [
        (Answer(200), "delivered", None),
        (Answer(204), "delivered", None),
        (Answer(302, {"Location": "http://127.0.0.1:1/"}), "failed", None),
        (Answer(400), "refused", None),
        (Answer(401), "refused", None),
        (Answer(404), "refused", None),
        (Answer(410), "refused", None),
        (Answer(408), "failed", None),
        (Answer(425), "failed", None),
        (Answer(429, {"Retry-After": "17"}), "failed", 17.0),
        (Answer(429), "failed", None),
        (Answer(500), "failed", None),
        (Answer(503, {"Retry-After": "5"}), "failed", 5.0),
    ],
)
async def test_an_answer_decides_whether_to_try_again(
    kind: str, answer: Answer, outcome: str, wait_seconds: float | None, make: Any,
    anything: HttpReceiver,
) -> None:  # fmt: skip
    anything.answers = [answer]
    channel = http_channel(kind, make, anything)
    result = await channel.send(FULL)
    await channel.close()
    expected: dict[str, object] = {"http_status": answer.status}
    if wait_seconds is not None:
        expected["retry_after_seconds"] = wait_seconds
    assert result == DeliveryResult(outcome, expected)  # type: ignore[arg-type]
    assert anything.headers[0]["Idempotency-Key"] == FULL.idempotency_key
    assert len(anything.bodies) == 1, "nothing is tried again behind the database's back"


@HTTP_KINDS
async def test_no_answer_in_time_is_worth_another_attempt(
    kind: str, make: Any, anything: HttpReceiver
) -> None:
    anything.answers = [SILENCE]
    channel = http_channel(kind, make, anything, timeout_seconds=0.2)
    assert await channel.send(FULL) == DeliveryResult("failed", {"reason": "TimeoutError"})
    await channel.close()


@HTTP_KINDS
async def test_nobody_there_is_worth_another_attempt(kind: str, make: Any) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        box = HttpReceiver(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        channel = http_channel(kind, make, box)
        assert await channel.send(FULL) == DeliveryResult("failed", {"reason": "ConnectError"})
        await channel.close()


@HTTP_KINDS
async def test_sending_can_be_cancelled_and_goes_on_afterwards(
    kind: str, make: Any, anything: HttpReceiver
) -> None:
    anything.answers = [SILENCE]
    channel = http_channel(kind, make, anything)
    sending = asyncio.create_task(channel.send(FULL))
    await anything.came.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (await channel.send(FULL)).outcome == "delivered"
    await channel.close()


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("slack", "invalid_token", {"slack_error": "invalid_token"}),
        ("slack", "Cannot POST /services/T000/B000/secret", {}),
        ("sms", '{"code": 21211, "message": "+1555"}', {"twilio_error": 21211}),
        ("sms", '{"code": "x"}', {}),
        ("sms", "[]", {}),
        ("webhook", "secret", {}),
    ],
)
async def test_of_a_refusal_only_what_cannot_be_secret_is_kept(
    kind: str, body: str, expected: dict[str, object], make: Any, anything: HttpReceiver
) -> None:
    anything.answers = [Answer(404, body=body)]
    channel = http_channel(kind, make, anything)
    result = await channel.send(FULL)
    await channel.close()
    assert result.details == {"http_status": 404} | expected


# --- email -----------------------------------------------------------------------------------


@pytest.fixture
def mail_keys(tmp_path: Path) -> dict[str, Any]:
    AUTHORITY.cert_pem.write_to_path(tmp_path / "ca.pem")
    return {
        "kind": "email",
        "host": "127.0.0.1",
        "ca_file": "ca.pem",
        "username": USER,
        "secrets": {"password": PASSWORD},
        "from": "Night watch <hha@example.org>",
        "to": ["ops@example.org", "boss@example.org"],
    }


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_letter_arrives_by_tls_after_login(
    make: Any, mail_keys: dict[str, Any], security: str
) -> None:
    async with mail_receiver(security) as box:
        channel = make(**mail_keys, port=box.port, security=security)
        assert await channel.send(FULL) == DeliveryResult("delivered")
        await channel.close()
    (letter,) = box.letters
    assert box.users == [USER]
    assert box.recipients == [["ops@example.org", "boss@example.org"]]
    assert str(letter["From"]) == "Night watch <hha@example.org>"
    assert letter["Subject"] == "CRITICAL payments: does not answer"
    assert letter["Message-ID"] == "<incident-12-opened-sample@example.org>"
    text, html = letter.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert text.get_content().startswith("CRITICAL payments: does not answer, since ")
    assert html.get_content_type() == "text/html"
    assert "<bdi>payments</bdi>" in html.get_content()


@pytest.mark.parametrize(
    "name", ["אבג 🔥 é", "a\r\nBcc: everybody@example.org\r\n\r\nbody", "\r\n.\r\nQUIT", "é" * 100]
)
async def test_a_name_reaches_the_mailbox_as_text_and_as_nothing_else(
    make: Any, mail_keys: dict[str, Any], name: str
) -> None:
    details = {**FULL.details, "agent_name": name}
    async with mail_receiver() as box:
        channel = make(**mail_keys, port=box.port)
        result = await channel.send(dataclasses.replace(FULL, details=details))
    assert result.outcome == "delivered"
    assert box.recipients == [["ops@example.org", "boss@example.org"]]
    (letter,) = box.letters
    assert "Bcc" not in letter
    subject = letter["Subject"].translate({0x2068: None, 0x2069: None})
    assert subject == f"CRITICAL {' '.join(name.split())}: does not answer"
    text, _ = letter.iter_parts()
    assert text.get_content().rstrip().endswith("Agent payments, incident 12")


async def test_without_tls_and_login_where_it_is_so_configured(make: Any) -> None:
    async with mail_receiver("none") as box:
        channel = make(
            kind="email",
            host="127.0.0.1",
            port=box.port,
            security="none",
            to=["ops@example.org"],
            **{"from": "hha@example.org"},
        )
        assert (await channel.send(BARE)).outcome == "delivered"
    assert box.was_tls == [False]


async def test_the_letters_of_an_incident_are_one_thread(
    make: Any, mail_keys: dict[str, Any]
) -> None:
    other = dataclasses.replace(FULL, details={**FULL.details, "incident_id": 13})
    async with mail_receiver() as box:
        channel = make(**mail_keys, port=box.port)
        for message in (FULL, RESOLVED, other, FULL):
            assert (await channel.send(message)).outcome == "delivered"
    first, end, stranger, again = box.letters
    assert first["References"] == first["In-Reply-To"] == "<incident-12.sample@example.org>"
    assert end["References"] == first["References"]
    assert end["Message-ID"] != first["Message-ID"]
    assert stranger["References"] != first["References"]
    assert again["Message-ID"] == first["Message-ID"], "the same delivery is the same letter"


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        ("451 4.3.0 try again later", "failed", 451),
        ("421 4.7.0 too many", "failed", 421),
        ("452 4.2.2 mailbox full", "failed", 452),
        ("550 5.7.1 no", "refused", 550),
        ("554 5.6.0 looks like junk", "refused", 554),
    ],
)
async def test_smtp_4xx_is_tried_again_and_5xx_is_not(
    make: Any, mail_keys: dict[str, Any], answer: str, outcome: str, code: int
) -> None:
    async with mail_receiver() as box:
        box.answers = [answer]
        result = await make(**mail_keys, port=box.port).send(FULL)
    assert result.outcome == outcome
    assert result.details["smtp_code"] == code
    assert answer[4:] in str(result.details["smtp_answer"])


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"boss@example.org": "550 <boss@example.org> who?"}, "delivered"),
        (
            {
                "boss@example.org": "550 <boss@example.org> who?",
                "ops@example.org": "550 <boss@example.org> who?",
            },
            "refused",
        ),
        (
            {"boss@example.org": "550 <boss@example.org> who?", "ops@example.org": "450 later"},
            "failed",
        ),
    ],
)
async def test_one_recipient_is_enough_and_one_who_may_come_later_too(
    make: Any, mail_keys: dict[str, Any], answers: dict[str, str], outcome: str
) -> None:
    async with mail_receiver() as box:
        box.recipient_answers = answers
        result = await make(**mail_keys, port=box.port).send(FULL)
    assert result.outcome == outcome
    if outcome == "delivered":
        assert result.details == {"refused_recipients": 1}
    assert "@" not in str(result.details), "addresses do not enter the database"


async def test_a_wrong_password_is_refused(make: Any, mail_keys: dict[str, Any]) -> None:
    async with mail_receiver() as box:
        keys = mail_keys | {"secrets": {"password": "wrong"}}
        result = await make(**keys, port=box.port).send(FULL)
    assert result.outcome == "refused"
    assert result.details["smtp_code"] == 535
    assert box.letters == []


async def test_a_certificate_of_a_stranger_gets_no_letter_and_no_password(
    make: Any, mail_keys: dict[str, Any]
) -> None:
    mail_keys.pop("ca_file")
    async with mail_receiver() as box:
        result = await make(**mail_keys, port=box.port).send(FULL)
    assert result.outcome == "failed"
    assert box.users == box.letters == []


async def test_a_server_without_starttls_gets_no_letter_and_no_password(
    make: Any, mail_keys: dict[str, Any]
) -> None:
    async with mail_receiver("none") as box:
        result = await make(**mail_keys, port=box.port).send(FULL)
    assert result.outcome == "failed"
    assert box.users == box.letters == []


async def test_a_mail_server_that_says_nothing_or_is_not_there_is_tried_again(
    make: Any, mail_keys: dict[str, Any]
) -> None:
    async with mail_receiver() as box:
        box.is_silent = True
        channel = make(**mail_keys, port=box.port, timeout_seconds=0.5)
        assert await channel.send(FULL) == DeliveryResult("failed", {"reason": "TimeoutError"})
    result = await make(**mail_keys, port=box.port).send(FULL)
    assert result == DeliveryResult("failed", {"reason": "SMTPConnectError"})


# --- apprise ---------------------------------------------------------------------------------


async def test_apprise_hands_on_subject_text_and_key(make: Any, anything: HttpReceiver) -> None:
    url = anything.url.replace("http://", "json://")
    channel = make(kind="apprise", secrets={"url": url})
    assert await channel.send(FULL) == DeliveryResult("delivered")
    (body,) = map(json.loads, anything.bodies)
    assert body["title"] == "CRITICAL payments: does not answer"
    assert body["message"].startswith("CRITICAL payments: does not answer, since ")
    assert body["message"].rstrip().endswith(FULL.idempotency_key)
    assert body["type"] == "failure"
    await channel.send(RESOLVED)
    assert json.loads(anything.bodies[1])["type"] == "success"


async def test_what_apprise_could_not_send_is_tried_again(
    make: Any, anything: HttpReceiver
) -> None:
    url = anything.url.replace("http://", "json://")
    anything.answers = [Answer(500)]
    channel = make(kind="apprise", secrets={"url": url})
    assert await channel.send(FULL) == FAILED
    anything.answers = [SILENCE]
    channel = make(kind="apprise", secrets={"url": url + "/?rto=1"}, timeout_seconds=0.2)
    assert await channel.send(FULL) == DeliveryResult("failed", {"reason": "TimeoutError"})
