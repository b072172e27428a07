"""What a bridge starts with itself, what it holds back, and whom it says it manages."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest
from bridge_site import AGENT_ID
from webhook_receiver import SECRET

if TYPE_CHECKING:
    from bridge_site import Site
    from servers import Server
    from webhook_receiver import Receiver


def die_together(site: Site) -> None:
    """Agent and bridge, as when their host is switched off."""
    site.start()
    site.wait_for_beating_agent()
    site.until(
        lambda: site.value("SELECT count(*) FROM health.agent_status WHERE beat_count > 3"),
        "the engine knows the agent",
    )
    site.bridges[0].kill()
    site.bridges[0].wait()
    os.kill(site.starts[0], signal.SIGKILL)
    site.until(lambda: site.pid() is None, "the agent is dead")


BRAKES = {
    "freeze": (
        "SELECT health.add_freeze_window('quarter end', now(), now() + interval '1 hour')",
        "SELECT health.end_freeze_window(1)",
        'not started yet: freeze "quarter end"',
    ),
    "maintenance": (
        "SELECT health.schedule_maintenance('{}', now(), now() + interval '1 hour', 'ana', 'disk')",
        "SELECT health.cancel_maintenance(1, 'ana')",
        "not started yet: the agent is in maintenance",
    ),
}


@pytest.mark.parametrize("brake", BRAKES)
def test_what_died_waits_for_the_brakes_and_is_started_once(site: Site, brake: str) -> None:
    pull, release, reason = BRAKES[brake]
    site.configure()
    die_together(site)
    site.run(pull)
    site.start()
    site.until(lambda: reason in site.log.read_text(), "it says why it does not start the agent")
    # The engine has noticed by itself, and its recovery waits for the same.
    site.until(
        lambda: site.value(
            "SELECT count(*) FROM health.recovery_actions WHERE agent_id = %s AND hold = %s",
            AGENT_ID,
            brake,
        ),
        "the recovery is held",
    )
    assert len(site.starts) == 1
    site.run(release)
    site.until(
        lambda: site.value(
            "SELECT count(*) FROM health.fleet WHERE agent_id = %s AND liveness = 'alive'", AGENT_ID
        ),
        "the agent is back",
    )
    site.until(
        lambda: "not started: it is heard" in site.log.read_text(), "its start waits no longer"
    )
    assert len(site.starts) == 2


def test_without_a_brake_it_is_started(site: Site) -> None:
    site.configure()
    die_together(site)
    site.start()
    site.until(lambda: len(site.starts) == 2, "the agent is started")


def test_what_was_stopped_in_order_is_started_in_a_freeze(site: Site) -> None:
    site.configure()
    bridge = site.start()
    site.wait_for_beating_agent()
    site.run("SELECT health.heartbeat(%s, 'stopped')", AGENT_ID)
    bridge.send_signal(signal.SIGTERM)
    bridge.wait()
    site.run("SELECT health.heartbeat(%s, 'stopped')", AGENT_ID)
    site.run("SELECT health.tick()")
    site.run(BRAKES["freeze"][0])
    site.start()
    site.until(lambda: len(site.starts) == 2, "the agent is started")
    assert "not started" not in site.log.read_text()


def test_all_is_started_where_the_database_cannot_be_asked(site: Site, server: Server) -> None:
    site.configure()
    die_together(site)
    site.run(BRAKES["freeze"][0])
    server.stop("fast")
    try:
        site.launch("main")
        site.until(lambda: len(site.starts) == 2, "the agent is started")
        assert "cannot be asked what to start, everything is started" in site.log.read_text()
    finally:
        server.start()


def test_the_first_page_says_that_nobody_restarts_it(site: Site, hook: Receiver) -> None:
    site.run("UPDATE health.channels SET minimum_severity = 'critical' WHERE channel = 'hook'")
    site.run("SELECT health.set_policy('standard', '{\"recovery_claim_seconds\": 1}')")
    site.run("SELECT health.heartbeat('stranger')")
    site.start(HOOK_SECRET=SECRET)
    site.until(
        lambda: site.rows("SELECT FROM health_internal.bridges WHERE worker = 'bridge:main'"),
        "the bridge says whom it manages: nobody",
    )
    site.run("SELECT health.heartbeat('stranger', 'failed')")
    site.until(
        lambda: site.rows("SELECT FROM health.recovery_actions WHERE state = 'escalated'"),
        "nobody claims its recovery",
    )
    site.run("SELECT health.tick()")
    site.until(
        lambda: not site.rows("SELECT FROM health.deliveries WHERE state <> 'delivered'"),
        "all that was to be told is",
    )
    ((_, body),) = hook.requests
    summary = json.loads(body)["details"]["summary"]
    assert summary == "says it has failed; could not be recovered: no bridge manages it"
