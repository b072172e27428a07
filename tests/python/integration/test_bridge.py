"""`hha bridge` as a process of its own, its login with the role health_bridge only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest
from bridge_site import AGENT_ID, Site
from servers.waiting import PATIENCE_SECONDS
from webhook_receiver import SECRET, Receiver

from hha.bridge.channels.webhook import sign

if TYPE_CHECKING:
    from servers import Server


def test_a_killed_process_is_restarted_once_and_verified(site: Site) -> None:
    site.configure()
    site.start()
    site.wait_for_beating_agent()
    (first,) = site.starts
    os.kill(first, signal.SIGKILL)
    action = site.until(
        lambda: site.rows(
            "SELECT * FROM health.recovery_actions WHERE agent_id = %s AND state = 'succeeded'",
            AGENT_ID,
        ),
        "the restart is verified",
    )[0]
    assert action["claimed_by"] == "bridge:main"
    assert action["outcome"]
    assert len(site.starts) == 2
    assert site.pid() == site.starts[1]
    (event,) = site.rows("SELECT * FROM health.system_events WHERE event_type = 'process_exit'")
    assert event["agent_id"] == "bridge:main"
    assert event["event_data"] == {
        "agent_id": AGENT_ID,
        "pid": first,
        "exit_code": -signal.SIGKILL,
    }
    assert (
        site.value("SELECT count(*) FROM health.recovery_actions WHERE agent_id = %s", AGENT_ID)
        == 1
    )


def test_a_hanging_process_is_restarted(site: Site) -> None:
    site.configure()
    site.start()
    site.wait_for_beating_agent()
    (first,) = site.starts
    os.kill(first, signal.SIGSTOP)
    site.until(lambda: len(site.starts) == 2, "the hanging agent is replaced")
    assert site.pid() == site.starts[1]
    assert not psutil.pid_exists(first) or (psutil.Process(first).status() == psutil.STATUS_ZOMBIE)


def test_a_message_reaches_the_webhook_signed_and_with_its_key(site: Site, hook: Receiver) -> None:
    site.start(HOOK_SECRET=SECRET)
    site.queue_message("key-1")
    site.until(lambda: site.delivery("key-1")["state"] == "delivered", "the message is delivered")
    ((headers, body),) = hook.requests
    assert headers["Idempotency-Key"] == "key-1"
    assert headers["Content-Type"] == "application/json"
    assert abs(int(headers["X-HHA-Timestamp"]) - time.time()) < PATIENCE_SECONDS
    assert headers["X-HHA-Signature"] == sign(SECRET, headers["X-HHA-Timestamp"], body)
    content = json.loads(body)
    assert content["subject"] == "worker-1 is unresponsive"
    assert content["body"] == "since noon"
    assert content["severity"] == "critical"
    assert content["agent_ids"] == ["worker-1"]
    assert content["details"] == {"score": 0}
    assert content["idempotency_key"] == "key-1"
    assert SECRET not in site.log.read_text()


@pytest.mark.parametrize("state", ["error", "failed"])
def test_bad_news_rings_the_bell_and_reaches_the_webhook(
    site: Site, hook: Receiver, state: str
) -> None:
    site.run("UPDATE health.channels SET minimum_severity = 'critical' WHERE channel = 'hook'")
    site.run("SELECT health.heartbeat(%s)", AGENT_ID)
    site.run("SELECT health.tick()")
    # Ticking by itself would take an hour, so only the bell can bring the news within the patience.
    site.run("UPDATE health.settings SET tick_period = '1 hour'")
    before = site.value("SELECT tick_id FROM health.engine_health")
    site.start(HOOK_SECRET=SECRET)
    site.until(
        lambda: site.value("SELECT tick_id FROM health.engine_health") > before,
        "the bridge ticks once when it begins to listen",
    )
    with psycopg.connect(site.agent_dsn, autocommit=True) as agent:
        agent.execute("SELECT health.heartbeat(%s, %s)", (AGENT_ID, state))
    site.until(lambda: hook.requests, "the news arrives")
    ((headers, body),) = hook.requests
    content = json.loads(body)
    assert content["agent_ids"] == [AGENT_ID]
    assert content["severity"] == "critical"
    assert headers["Idempotency-Key"].startswith("incident-")
    alerts = site.rows("SELECT rule FROM health.open_alerts WHERE agent_id = %s", AGENT_ID)
    assert state in {row["rule"] for row in alerts}
    site.until(
        lambda: site.rows("SELECT FROM health.deliveries WHERE state = 'delivered'"),
        "the database knows that it arrived",
    )


def test_an_error_is_retried_with_the_same_key(site: Site, hook: Receiver) -> None:
    hook.answers = [(500, {"Retry-After": "1"})]
    site.start(HOOK_SECRET=SECRET)
    site.queue_message("key-2")
    site.until(lambda: site.delivery("key-2")["state"] == "delivered", "the second try succeeds")
    assert [headers["Idempotency-Key"] for headers, _ in hook.requests] == ["key-2"] * 2


def test_a_refusal_is_not_retried(site: Site, hook: Receiver) -> None:
    hook.answers = [(410, {})]
    site.start(HOOK_SECRET=SECRET)
    site.queue_message("key-3")
    site.until(lambda: site.delivery("key-3")["state"] == "dead", "the message is given up")
    assert len(hook.requests) == 1
    assert site.delivery("key-3")["outcome"]["http_status"] == 410


def test_a_message_appears_on_the_console(site: Site) -> None:
    site.configure(agents=False)
    site.start()
    site.queue_message("key-4", channel="console")
    site.until(lambda: site.delivery("key-4")["state"] == "delivered", "the message is printed")
    assert "\nCRITICAL worker-1 is unresponsive\n" in site.log.read_text()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_of_the_database_is_survived(site: Site, server: Server, mode: str) -> None:
    site.configure()
    bridge = site.start()
    site.wait_for_beating_agent()
    before = site.starts
    server.restart(mode)
    site.until(lambda: site.log.read_text().count("listening") >= 2, "the bridge listens again")
    assert bridge.poll() is None
    assert site.starts == before, "the outage of the database is no fault of the agent"
    assert site.pid() == before[0]
    action_id = site.request_recovery()
    site.until(
        lambda: (
            site.value("SELECT state FROM health.recovery_actions WHERE action_id = %s", action_id)
            == "succeeded"
        ),
        "the recovery after the restart succeeds",
    )
    assert len(site.starts) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(site: Site, number: signal.Signals) -> None:
    site.configure()
    bridge = site.start()
    site.wait_for_beating_agent()
    pid = site.pid()
    assert pid
    bridge.send_signal(number)
    assert bridge.wait(PATIENCE_SECONDS) == 0, site.story()
    assert not psutil.pid_exists(pid)
    state = site.value(
        "SELECT state FROM health.agent_heartbeats WHERE agent_id = 'bridge:main'"
        " ORDER BY received_at DESC LIMIT 1"
    )
    assert state == "stopped"


def test_it_ends_cleanly_while_the_database_is_away(site: Site, server: Server) -> None:
    site.configure()
    bridge = site.start()
    site.wait_for_beating_agent()
    server.stop("fast")
    try:
        bridge.send_signal(signal.SIGTERM)
        assert bridge.wait(PATIENCE_SECONDS) == 0
    finally:
        server.start()
    assert site.pid() is None


def test_after_kill_9_the_next_bridge_adopts(site: Site) -> None:
    site.configure()
    first = site.start()
    site.wait_for_beating_agent()
    pid = site.pid()
    first.kill()
    first.wait()
    assert site.pid() == pid
    site.start()
    assert site.pid() == pid
    assert site.starts == [pid]


def test_two_bridges_never_restart_twice(site: Site) -> None:
    site.configure()
    site.start("one")
    site.start("two")
    site.wait_for_beating_agent()
    for count in range(1, 4):
        assert len(site.starts) == count
        action_id = site.request_recovery()
        site.until(
            lambda action_id=action_id: site.value(
                "SELECT finished_at IS NOT NULL FROM health.recovery_actions WHERE action_id = %s",
                action_id,
            ),
            "the recovery ends",
        )
        assert len(site.starts) == count + 1
        assert site.pid() == site.starts[-1]


def test_a_second_bridge_of_the_same_name_is_refused(site: Site) -> None:
    site.configure(agents=False)
    site.start()
    second = subprocess.run(
        [
            *(sys.executable, "-c", "from hha.cli import main; main()", "bridge"),
            *("--config", str(site.folder / "bridge.toml"), "--dsn", site.dsn),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert second.returncode == 2
    assert "a bridge named 'main' runs" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_database_without_the_schema_is_named(empty_database: str, tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text("")
    bridge = subprocess.run(
        [
            *(sys.executable, "-c", "from hha.cli import main; main()", "bridge"),
            *("--config", str(tmp_path / "bridge.toml"), "--dsn", empty_database),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert bridge.returncode == 1
    assert "hha deploy" in bridge.stderr
    assert "Traceback" not in bridge.stderr
