"""From a row of the outbox to Slack, a mailbox and a telephone, through the bridge itself."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from receivers import (
    ACCOUNT,
    AUTHORITY,
    PASSWORD,
    SLACK_PATH,
    TOKEN,
    USER,
    Answer,
    HttpReceiver,
    MailReceiver,
    mail_receiver,
    slack_receiver,
    twilio_receiver,
)
from servers.waiting import until_async
from typer.testing import CliRunner

from hha.bridge import load_config
from hha.bridge.channels import Message
from hha.bridge.channels.enclosures import report_files
from hha.bridge.channels.notice import notice_of
from hha.bridge.channels.samples import FULL
from hha.bridge.database import HealthDatabase
from hha.bridge.service import Bridge
from hha.cli import app

if TYPE_CHECKING:
    from conftest import Engine

AGENT_ID = "payments <!here> & sons"
CONFIG = """
[bridge]
state_directory = "state"
poll_seconds = 0.2

[channels.chat]
kind = "slack"
url_file = "slack_url"
link_url = "https://monitor.example.org/agents/{{agent_id}}"

[channels.mail]
kind = "email"
host = "127.0.0.1"
port = {mail_port}
ca_file = "ca.pem"
username = "{user}"
password_file = "password"
from = "hha@example.org"
to = ["ops@example.org"]

[channels.phone]
kind = "sms"
base_url = "{twilio_url}"
account_sid = "{account}"
auth_token_file = "token"
from = "+15550100"
to = "+15550101"
"""


@dataclass
class Desk:
    """The engine, a bridge that serves it, and the three receivers."""

    engine: Engine
    slack: HttpReceiver
    mail: MailReceiver
    phone: HttpReceiver

    async def until(self, condition: Callable[[], Any], what: str) -> Any:
        return await until_async(
            condition, lambda: f"{what}\n{self.engine.rows('SELECT * FROM health.deliveries')}"
        )

    def states(self, event: str) -> dict[str, str]:
        rows = self.engine.rows(
            "SELECT channel, state FROM health.deliveries WHERE event = %s"
            " AND channel <> 'console'", event
        )  # fmt: skip
        return {row["channel"]: row["state"] for row in rows}

    async def until_delivered(self, event: str) -> None:
        expected = dict.fromkeys(("chat", "mail", "phone"), "delivered")
        await self.until(lambda: self.states(event) == expected, f"{event} is delivered")


@pytest.fixture
async def desk(engine: Engine, login: Callable[..., str], tmp_path: Path) -> AsyncIterator[Desk]:
    for channel, kind in (("chat", "slack"), ("mail", "email"), ("phone", "sms")):
        engine.run("SELECT health.set_channel(%s, %s, 'warning')", channel, kind)
    # Ticks come from the test alone, so that it says what is known when.
    engine.run("UPDATE health.settings SET tick_period = '1 hour'")
    async with slack_receiver() as slack, mail_receiver() as mail, twilio_receiver() as phone:
        _configure(tmp_path, slack, mail, phone)
        bridge = Bridge(load_config(tmp_path / "bridge.toml"), login(engine.dsn, "health_bridge"))
        running = asyncio.create_task(bridge.run())
        desk = Desk(engine, slack, mail, phone)
        try:
            yield desk
        finally:
            bridge.request_stop()
            with contextlib.suppress(asyncio.CancelledError):
                await running


def _configure(folder: Path, slack: HttpReceiver, mail: MailReceiver, phone: HttpReceiver) -> None:
    AUTHORITY.cert_pem.write_to_path(folder / "ca.pem")
    files = {"slack_url": slack.url + SLACK_PATH, "password": PASSWORD, "token": TOKEN}
    files["bridge.toml"] = CONFIG.format(
        mail_port=mail.port, twilio_url=phone.url, account=ACCOUNT, user=USER
    )
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def fail_and_tick(engine: Engine, state: str) -> None:
    engine.run("SELECT health.heartbeat(%s, %s)", AGENT_ID, state)
    engine.run("SELECT health.tick()")
    engine.run("NOTIFY health_wakeup")


async def test_an_agent_that_fails_and_recovers_is_told_on_all_three(desk: Desk) -> None:
    fail_and_tick(desk.engine, "running")
    fail_and_tick(desk.engine, "failed")
    await desk.until_delivered("opened")

    (chat,) = desk.slack.bodies
    assert chat["text"].startswith("*CRITICAL* *payments &lt;!here&gt; &amp; sons*: ")
    assert chat["attachments"][0]["blocks"][-1]["elements"][0]["url"].endswith(
        "/agents/payments%20%3C%21here%3E%20%26%20sons"
    )
    (form,) = desk.phone.bodies
    assert form["Body"].startswith(f"CRITICAL {AGENT_ID}: ")
    assert " since " in form["Body"]
    (letter,) = desk.mail.letters
    assert letter["Subject"].startswith(f"CRITICAL {AGENT_ID}: ")
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "health.acknowledge_alert(" in text

    keys = {
        row["channel"]: row["idempotency_key"]
        for row in desk.engine.rows("SELECT channel, idempotency_key FROM health.deliveries")
    }
    assert desk.slack.headers[0]["Idempotency-Key"] == keys["chat"]
    assert desk.phone.headers[0]["Idempotency-Key"] == keys["phone"]
    assert letter["Message-ID"] == f"<{keys['mail']}@example.org>"

    fail_and_tick(desk.engine, "running")
    await desk.until_delivered("resolved")
    assert desk.slack.bodies[-1]["text"].startswith("*RESOLVED* *payments &lt;!here&gt;")
    assert "lasted " in desk.phone.bodies[-1]["Body"]
    assert desk.mail.letters[-1]["References"] == letter["References"]


async def test_what_fails_is_tried_again_when_the_receiver_asked_for(desk: Desk) -> None:
    desk.slack.answers = [Answer(429, {"Retry-After": "600"})]
    desk.phone.answers = [Answer(500)]
    desk.mail.answers = ["451 later"]
    fail_and_tick(desk.engine, "failed")
    waits = {}

    def all_came_back() -> bool:
        rows = desk.engine.rows(
            "SELECT channel, outcome, extract(epoch FROM not_before - clock_timestamp()) AS wait"
            " FROM health.deliveries WHERE event = 'opened' AND channel <> 'console'"
            " AND outcome ->> 'reported' = 'failed'"
        )
        waits.update({row["channel"]: row for row in rows})
        return len(waits) == 3

    await desk.until(all_came_back, "all three are reported as failed")
    assert waits["chat"]["outcome"]["http_status"] == 429
    assert waits["chat"]["outcome"]["retry_after_seconds"] == 600
    assert waits["chat"]["wait"] > 500
    assert waits["phone"]["outcome"]["http_status"] == 500
    assert waits["mail"]["outcome"]["smtp_code"] == 451
    desk.engine.run("UPDATE health.deliveries SET not_before = now() WHERE state = 'pending'")
    desk.engine.run("NOTIFY health_wakeup")
    await desk.until_delivered("opened")
    assert len({headers["Idempotency-Key"] for headers in desk.slack.headers}) == 1
    assert len(desk.slack.bodies) == 2


async def test_what_is_refused_is_given_up_and_the_reason_kept(desk: Desk) -> None:
    desk.slack.answers = [Answer(403, body="invalid_token")]
    desk.phone.answers = [Answer(400, body=json.dumps({"code": 21211}))]
    desk.mail.answers = ["550 no such user"]
    fail_and_tick(desk.engine, "failed")
    expected = dict.fromkeys(("chat", "mail", "phone"), "dead")
    await desk.until(lambda: desk.states("opened") == expected, "all three are given up")
    outcomes = {
        row["channel"]: row["outcome"]
        for row in desk.engine.rows("SELECT channel, outcome FROM health.deliveries")
    }
    assert outcomes["chat"]["slack_error"] == "invalid_token"
    assert outcomes["phone"]["twilio_error"] == 21211
    assert outcomes["mail"]["smtp_code"] == 550


@pytest.fixture
def weekly_report(engine: Engine) -> Engine:
    """An agent that lost money, and a report that has been due for a minute."""
    engine.run("SELECT health.set_channel('mail', 'email', 'emergency', p_is_default => false)")
    engine.run(
        "INSERT INTO health.agents (agent_id, agent_name, revenue_usd_per_hour)"
        " VALUES ('shop', 'Schöner <b>Laden</b>', 3600)"
    )
    engine.run(
        "INSERT INTO health.status_transitions"
        " (agent_id, occurred_at, old_liveness, new_liveness, new_status, new_score,"
        " last_heartbeat_at)"
        " SELECT 'shop', now() - at.since, 'alive', at.became, at.status, at.score,"
        " now() - at.since"
        " FROM (VALUES (interval '2 days', 'alive', 'excellent', 100),"
        " ('1 day', 'unresponsive', 'critical', 0), ('22 hours', 'alive', 'excellent', 100))"
        " AS at (since, became, status, score)"
    )
    engine.run(
        "UPDATE health.business_settings SET report_channel = 'mail', report_time_zone = 'UTC',"
        " report_weekday = extract(isodow FROM due), report_time = due::time"
        " FROM (SELECT date_trunc('minute', timezone('UTC', now())) AS due) AS times"
    )
    return engine


async def test_the_weekly_report_arrives_as_page_and_on_paper(
    weekly_report: Engine, desk: Desk
) -> None:
    await desk.until(lambda: desk.mail.letters, "the bridge queues the report and sends it")
    (letter,) = desk.mail.letters
    lost = weekly_report.value(
        "SELECT details #>> '{report,financial_impact,revenue_lost,text}' FROM health.deliveries"
        " WHERE event = 'report'"
    )
    assert lost == "$7,200.00"
    assert lost in letter["Subject"]
    for kind in ("plain", "html"):
        body = letter.get_body((kind,))
        assert body is not None
        assert lost in body.get_content(), kind
    files = {part.get_filename(): part for part in letter.iter_attachments()}
    (page, paper) = sorted(files)
    assert (page[-5:], paper[-4:]) == (".html", ".pdf")
    html = files[page].get_content()
    assert lost in (html.decode() if isinstance(html, bytes) else html)
    assert "<b>Laden" not in str(html)
    assert files[paper].get_content().startswith(b"%PDF-")
    assert not desk.slack.bodies
    await desk.until(
        lambda: desk.states("report") == {"mail": "delivered"}, "it is reported as delivered"
    )


def test_a_report_that_cannot_be_laid_out_keeps_no_letter_back() -> None:
    for report in ({}, {"period": {"from": "x"}}, "text", None):
        details: dict[str, object] = {"event": "report", "report": report}
        assert report_files(dataclasses.replace(FULL, details=details)) is None
    assert report_files(FULL) is None


async def claimed_message(engine: Engine, bridge_dsn: str) -> Message:
    """The message about the failed agent, as a bridge reads it."""
    fail_and_tick(engine, "failed")
    database = HealthDatabase(bridge_dsn, "bridge:test")
    await database.open()
    (delivery,) = await database.claim_deliveries(1, ["console"])
    await database.close()
    return delivery.message


async def test_the_sql_in_a_message_acknowledges_as_an_operator(
    engine: Engine, login: Callable[..., str]
) -> None:
    message = await claimed_message(engine, login(engine.dsn, "health_bridge"))
    statement = notice_of(message, datetime.now(UTC)).acknowledge_sql
    with psycopg.connect(login(engine.dsn, "health_operator"), autocommit=True) as operator:
        operator.execute(statement.encode())
    assert not engine.rows("SELECT FROM health.open_alerts WHERE acknowledged_at IS NULL")


def test_hha_ack_acknowledges_and_says_when_there_is_nothing_to(
    engine: Engine, login: Callable[..., str]
) -> None:
    fail_and_tick(engine, "failed")
    alert_id = engine.rows("SELECT alert_id FROM health.open_alerts")[0]["alert_id"]
    dsn = login(engine.dsn, "health_operator")
    done = CliRunner().invoke(app, ["ack", str(alert_id), "--note", "on it", "--dsn", dsn])
    assert done.exit_code == 0, done.output
    assert done.output == f"alert {alert_id} is acknowledged\n"
    row = engine.row(
        "SELECT incidents.* FROM health.incidents JOIN health.alerts USING (incident_id)"
        " WHERE alert_id = %s",
        alert_id,
    )
    assert row["acknowledged_by"].startswith("hha_login_")
    assert row["acknowledgement_note"] == "on it"
    missing = CliRunner().invoke(app, ["ack", "999999", "--dsn", dsn])
    assert missing.exit_code != 0
    assert "alert 999999 is not open" in str(missing.exception)
