"""Two bridges share the messages; one is killed at each step of a delivery."""

from __future__ import annotations

import signal
import subprocess
from typing import Any

import pytest
from bridge_site import Site
from killed_bridge import MESSAGE_STEPS, is_stopped, killing
from webhook_receiver import SECRET, Receiver

KEY = "key-of-the-message"


@pytest.mark.parametrize(
    ("step", "request_count"), list(zip(MESSAGE_STEPS, (1, 2, 1), strict=True))
)
def test_a_bridge_killed_at_any_step_loses_no_message(
    site: Site, hook: Receiver, step: str, request_count: int
) -> None:
    bridges = start_two(site, "SIGKILL", step)
    site.queue_message(KEY)
    site.until(
        lambda: any(bridge.poll() is not None for bridge in bridges.values()),
        f"a bridge is killed: {step}",
    )
    (killed,) = [name for name, bridge in bridges.items() if bridge.poll() is not None]
    assert bridges[killed].returncode == -signal.SIGKILL, site.story()
    assert_delivered_by_the_other(site, hook, killed, request_count)
    (survivor,) = bridges.keys() - {killed}
    assert bridges[survivor].poll() is None


def test_a_bridge_killed_before_the_receiver_answers_loses_no_message(
    site: Site, hook: Receiver
) -> None:
    hook.gate.clear()
    bridges = site.start_two(HOOK_SECRET=SECRET)
    site.queue_message(KEY)
    site.until(lambda: hook.requests, "the message is on its way")
    killed = site.delivery(KEY)["claimed_by"].removeprefix("bridge:")
    bridges[killed].kill()
    bridges[killed].wait()
    hook.gate.set()
    assert_delivered_by_the_other(site, hook, killed, 2)


def test_a_bridge_that_was_away_cannot_report_what_another_has_sent(
    site: Site, hook: Receiver
) -> None:
    bridges = start_two(site, "SIGSTOP", "message sent")
    site.queue_message(KEY)
    site.until(lambda: any(map(is_stopped, bridges.values())), "a bridge is stopped")
    (stopped,) = [name for name, bridge in bridges.items() if is_stopped(bridge)]
    assert_delivered_by_the_other(site, hook, stopped, 2)
    done = site.delivery(KEY)
    bridges[stopped].send_signal(signal.SIGCONT)
    site.until(lambda: "lease lost, work dropped" in site.log.read_text(), "it drops its report")
    assert site.delivery(KEY) == done


def start_two(site: Site, number: str, step: str) -> dict[str, subprocess.Popen[bytes]]:
    entry = killing(site.folder, number, step)
    return site.start_two(entry=entry, HOOK_SECRET=SECRET)


def assert_delivered_by_the_other(
    site: Site, hook: Receiver, gone: str, request_count: int
) -> None:
    """The lease runs out, as after 30 s; then the message arrives, under the same key."""
    before = site.delivery(KEY)
    site.run(
        "UPDATE health.deliveries SET lease_until = clock_timestamp() - interval '1 second'"
        " WHERE claimed_by = %s AND state = 'claimed'",
        f"bridge:{gone}",
    )
    site.until(lambda: site.delivery(KEY)["state"] == "delivered", "the message is delivered")
    assert hook.keys == [KEY] * request_count
    done = site.delivery(KEY)
    if before["state"] == "claimed":
        assert done["claimed_by"] != before["claimed_by"]
        assert done["attempt"] == before["attempt"] + 1
    assert not report(site, before, "failed"), "a late report is refused"
    assert site.delivery(KEY) == done


def report(site: Site, delivery: dict[str, Any], outcome: str) -> bool:
    """What the bridge that is gone would say of its claim."""
    return bool(
        site.value(
            "SELECT health.report_delivery(%s, %s, %s)",
            delivery["delivery_id"],
            delivery["fencing_token"],
            outcome,
        )
    )
