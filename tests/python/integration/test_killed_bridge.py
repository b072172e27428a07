"""Two bridges share the work; one is killed at each step of a recovery."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import psutil
import pytest
from bridge_site import AGENT_ID, Site
from killed_bridge import STEPS, is_stopped, killing

BRIEF_POLICY = {"startup_grace_seconds": 12, "recovery_backoff_seconds": 0.1}


@pytest.mark.parametrize("step", STEPS)
def test_a_bridge_killed_at_any_step_loses_nothing_and_restarts_nothing_twice(
    site: Site, step: str
) -> None:
    bridges = start_two(site, "SIGKILL", step)
    hung = hang(site)
    site.until(
        lambda: any(bridge.poll() is not None for bridge in bridges.values()),
        f"a bridge is killed when it has {step}",
    )
    (killed,) = [name for name, bridge in bridges.items() if bridge.poll() is not None]
    assert bridges[killed].returncode == -signal.SIGKILL, site.story()
    (survivor,) = bridges.keys() - {killed}

    let_lease_run_out(site, killed)
    site.until(lambda: is_settled(site), "the agent is well, and nothing is left to do")

    assert bridges[survivor].poll() is None
    assert_restarted_once(site, hung)


def test_a_bridge_that_was_away_does_not_act_on_what_it_had_begun(site: Site) -> None:
    bridges = start_two(site, "SIGSTOP", "begun")
    hung = hang(site)
    site.until(
        lambda: any(map(is_stopped, bridges.values())), "a bridge is stopped when it has begun"
    )
    (stopped,) = [name for name, bridge in bridges.items() if is_stopped(bridge)]
    (other,) = bridges.keys() - {stopped}
    let_lease_run_out(site, stopped)
    site.until(lambda: is_settled(site), "the other one makes the agent well")
    # The stopped one counts the lease by its own clock, which nobody can put forward.
    site.until(
        lambda: site.value(
            "SELECT min(claimed_at) < now() - interval '31 seconds' FROM health.recovery_actions"
            " WHERE agent_id = %s",
            AGENT_ID,
        ),
        "the lease is over",
    )
    bridges[stopped].send_signal(signal.SIGCONT)
    site.until(lambda: "lease lost, work dropped" in site.log.read_text(), "it drops its work")
    assert bridges[other].poll() is None
    assert_restarted_once(site, hung)


def start_two(site: Site, number: str, step: str) -> dict[str, subprocess.Popen[bytes]]:
    site.configure()
    site.run("SELECT health.set_policy('standard', %s)", json.dumps(BRIEF_POLICY))
    entry = killing(site.folder, number, step)
    bridges = site.start_two(entry=entry)
    site.wait_for_beating_agent()
    return bridges


def hang(site: Site) -> int:
    """Stop the agent, which the first bridge has started; its pid."""
    (pid,) = site.starts
    os.kill(pid, signal.SIGSTOP)
    return pid


def let_lease_run_out(site: Site, name: str) -> None:
    """What was claimed by a bridge is overdue, as after 30 seconds."""
    site.run(
        "UPDATE health.recovery_actions SET lease_until = clock_timestamp() - interval '1 second'"
        " WHERE claimed_by = %s AND state IN ('claimed', 'executing')",
        f"bridge:{name}",
    )


def assert_restarted_once(site: Site, hung: int) -> None:
    assert len(site.starts) == 2, site.story()
    assert site.pid() == site.starts[1]
    assert not psutil.pid_exists(hung) or psutil.Process(hung).status() == psutil.STATUS_ZOMBIE
    done = site.rows(
        "SELECT * FROM health.recovery_actions WHERE agent_id = %s AND state = 'succeeded'",
        AGENT_ID,
    )
    assert len(done) == 1, site.story()


def is_settled(site: Site) -> bool:
    """Whether the agent is alive without an alert, its recovery verified and none under way."""
    (row,) = site.rows(
        "SELECT liveness = 'alive' AND issue_type IS NULL"
        " AND NOT EXISTS (SELECT FROM health.open_alerts AS alert"
        "   WHERE alert.agent_id = status.agent_id)"
        " AND NOT EXISTS (SELECT FROM health.recovery_actions AS actions"
        "   WHERE actions.agent_id = status.agent_id AND actions.finished_at IS NULL)"
        " AND EXISTS (SELECT FROM health.recovery_actions AS actions"
        "   WHERE actions.agent_id = status.agent_id AND actions.state = 'succeeded')"
        " AS is_settled FROM health.agent_status AS status WHERE agent_id = %s",
        AGENT_ID,
    )
    return bool(row["is_settled"])
