"""An attached agent is killed: the bridge ticks between two periods to see it and to believe it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from bridge_site import AGENT, AGENT_ID, Site

PERIOD = timedelta(seconds=20)


@pytest.fixture
def agent(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """A process that beats and holds a session, and that no bridge watches over."""
    process = subprocess.Popen(
        [sys.executable, "-c", AGENT, str(site.starts_file)],
        env={**os.environ, "AGENT_DSN": site.agent_dsn, "HHA_AGENT_ID": AGENT_ID},
    )
    yield process
    process.kill()
    process.wait()


def test_a_killed_agent_is_believed_dead_before_the_next_period(
    site: Site, agent: subprocess.Popen[bytes]
) -> None:
    site.run("UPDATE health.settings SET tick_period = %s", PERIOD)
    site.configure(agents=False)
    site.start()
    site.wait_for_beating_agent()

    # It beats so often that its silence alone would be believed before the loss of its session.
    site.run("UPDATE health.agents SET grace = '5 minutes' WHERE agent_id = %s", AGENT_ID)

    def is_alive() -> bool:
        site.run("NOTIFY health_wakeup")
        return bool(
            site.value(
                "SELECT count(*) FROM health.agent_status"
                " WHERE agent_id = %s AND liveness = 'alive' AND grace_seconds = 300",
                AGENT_ID,
            )
        )

    site.until(is_alive, "the engine knows the agent")
    agent.kill()
    (told,) = site.until(
        lambda: site.rows(
            "SELECT sessions.lost_at, alerts.opened_at FROM health.open_alerts AS alerts"
            " INNER JOIN health.agent_sessions AS sessions USING (agent_id)"
            " WHERE agent_id = %s AND rule = 'unresponsive' AND lost_reason = 'session_lost'",
            AGENT_ID,
        ),
        "it is unresponsive",
    )
    grace = timedelta(
        seconds=site.value("SELECT session_grace_seconds FROM health.current_policies")
    )
    # Seen by one tick, believed by another, of which no period separates the two.
    assert grace <= told["opened_at"] - told["lost_at"] < PERIOD
