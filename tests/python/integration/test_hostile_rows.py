"""Whoever can write recovery_actions can choose among what a bridge has configured, and no more."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from bridge_site import AGENT_ID, OTHER_ID, Site

NOTE = "import sys; open(sys.argv[1], 'a').write('x')"


@pytest.fixture
def armed(site: Site) -> Site:
    """A bridge with two agents, each with a command of its own; the agents are known and well."""
    for agent_id in (AGENT_ID, OTHER_ID):
        site.run("SELECT health.register_agent(%s, p_expected_interval => '1 hour')", agent_id)
        site.run("SELECT health.heartbeat(%s)", agent_id)
    site.configure(
        more=f"""
[agents.{AGENT_ID}.commands]
note = {json.dumps([sys.executable, "-c", NOTE, str(site.folder / "note")])}
[agents.{OTHER_ID}]
command = ["sleep", "600"]
stop_timeout_seconds = 1
[agents.{OTHER_ID}.commands]
other = {json.dumps([sys.executable, "-c", NOTE, str(site.folder / "other")])}
"""
    )
    site.start()
    site.wait_for_beating_agent()
    site.until(
        lambda: site.value("SELECT count(*) = 2 FROM health.agent_status WHERE agent_id ~ '-1$'"),
        "the engine knows both",
    )
    return site


def order(site: Site, agent_id: str, action: str, parameters: str = "{}") -> int:
    """Write a row as nobody but a superuser could; `parameters` is JSON."""
    action_id = site.until(
        lambda: site.value(
            "INSERT INTO health.recovery_actions (agent_id, issue_type, requested_by, action,"
            " parameters, created_at, not_before) VALUES"
            " (%s, 'agent_unresponsive', 'test', %s, %s, clock_timestamp(), clock_timestamp())"
            " RETURNING action_id",
            agent_id,
            action,
            parameters,
        ),
        f"{action[:60]} can be queued",
    )
    return int(action_id)


def answer(site: Site, action_id: int) -> dict[str, Any]:
    """The row once the bridge has reported."""

    def reported() -> dict[str, Any] | None:
        (row,) = site.rows(
            "SELECT state, claimed_by, outcome FROM health.recovery_actions WHERE action_id = %s",
            action_id,
        )
        return None if row["state"] in ("pending", "claimed", "executing") else row

    found: dict[str, Any] = site.until(reported, "the bridge reports")
    return found


def traps(site: Site) -> list[str]:
    return [name for name in ("trap", "note", "other") if (site.folder / name).exists()]


def test_nothing_unconfigured_can_be_run_from_the_database(armed: Site) -> None:
    trap = armed.folder / "trap"
    before = armed.starts
    command = json.dumps({"command": ["touch", str(trap)], "args": f"; touch {trap}"})

    # Agents that are not configured are not even claimed.
    strangers = [
        order(armed, agent_id, "restart_agent", command)
        for agent_id in (
            "not-configured",
            f"{AGENT_ID}; touch {trap}",
            f"$(touch {trap})",
            f"../{AGENT_ID}",
            f"{AGENT_ID}\n{OTHER_ID}",
            f"{AGENT_ID} ",
            AGENT_ID.upper(),
            "%",
            "{worker-1,other-1}",
        )
    ]
    # Actions and commands that are not configured are refused.
    for action, parameters in (
        (f"touch {trap}", command),
        (f"restart_agent; touch {trap}", command),
        ("restart_agent ", command),
        ("", "{}"),
        ("x" * 1_000_000, "{}"),
        ("run_command", "{}"),
        ("run_command", command),
        ("run_command", '{"command": "other"}'),
        ("run_command", json.dumps({"command": "other", "agent_id": OTHER_ID})),
        ("run_command", '{"command": "note "}'),
        ("run_command", '{"command": {"note": "note"}}'),
        ("run_command", '["note"]'),
        ("run_command", '"note"'),
        ("run_command", "null"),
        ("run_command", "true"),
        ("run_command", json.dumps({"command": f"note; touch {trap}"})),
        ("run_command", json.dumps({"command": str(armed.folder / "note")})),
        ("run_command", json.dumps({"command": "x" * 5_000_000})),
        # What PostgreSQL stores and Python does not read: deep nesting, a number of many digits.
        ("run_command", '{"a":' * 3000 + "1" + "}" * 3000),
        ("run_command", f'{{"command": 1{"0" * 5000}}}'),
    ):
        row = answer(armed, order(armed, AGENT_ID, action, parameters))
        assert row["state"] == "escalated", (action[:60], parameters[:60], row)
        assert row["outcome"]["reported"] == "refused"
        assert len(json.dumps(row["outcome"])) < 1000
    for action_id in strangers:
        (row,) = armed.rows(
            "SELECT claimed_by FROM health.recovery_actions WHERE action_id = %s", action_id
        )
        assert row["claimed_by"] is None
    assert armed.starts == before
    assert traps(armed) == []
    (bridge,) = armed.bridges
    assert bridge.poll() is None, armed.story()

    # With parameters that look like a command, a known action does only what is configured.
    action_id = order(armed, AGENT_ID, "restart_agent", command)
    assert answer(armed, action_id)["outcome"]["reported"] == "succeeded"
    armed.until(lambda: len(armed.starts) == len(before) + 1, "the agent is restarted")
    assert traps(armed) == []


def test_a_configured_command_is_run_and_its_output_stays_out_of_the_database(armed: Site) -> None:
    row = answer(armed, order(armed, AGENT_ID, "run_command", '{"command": "note"}'))
    assert row["outcome"]["reported"] == "succeeded"
    details = row["outcome"]["details"]
    assert details.keys() == {"command", "exit_code", "duration_ms"}
    assert (details["command"], details["exit_code"]) == ("note", 0)
    assert (armed.folder / "note").read_text() == "x"
    assert traps(armed) == ["note"]
