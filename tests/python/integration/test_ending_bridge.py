"""A bridge that is told to end gives back what it has claimed and not begun."""

from __future__ import annotations

from bridge_site import AGENT_ID, Site
from killed_bridge import killing
from servers.waiting import PATIENCE_SECONDS
from webhook_receiver import SECRET, Receiver


def test_a_recovery_not_begun_is_given_back_to_another_bridge(site: Site) -> None:
    site.configure()
    first = site.start("one", entry=killing(site.folder, "SIGTERM", "claimed"))
    site.wait_for_beating_agent()
    action_id = site.request_recovery()
    assert first.wait(PATIENCE_SECONDS) == 0, site.story()

    def action() -> dict[str, object]:
        (row,) = site.rows("SELECT * FROM health.recovery_actions WHERE action_id = %s", action_id)
        return row

    # Nobody claims now: it is pending because it was given back, not because its lease ran out.
    given_back = action()
    assert (given_back["state"], given_back["claimed_by"]) == ("pending", None), site.story()
    assert given_back["lease_until"] is None
    assert site.rows("SELECT FROM health.recovery_steps WHERE action_id = %s", action_id) == []

    site.start("two")
    site.until(lambda: action()["state"] == "succeeded", "the other bridge does it")
    assert action()["claimed_by"] == "bridge:two"
    assert action()["attempt"] == given_back["attempt"]
    restarts = site.rows(
        "SELECT FROM health.recovery_steps AS steps"
        " INNER JOIN health.recovery_actions AS actions USING (action_id)"
        " WHERE actions.agent_id = %s AND steps.action = 'restart_agent'",
        AGENT_ID,
    )
    assert len(restarts) == 1


def test_a_message_not_begun_is_given_back_to_another_bridge(site: Site, hook: Receiver) -> None:
    entry = killing(site.folder, "SIGTERM", "message claimed")
    first = site.start("one", entry=entry, HOOK_SECRET=SECRET)
    site.queue_message("key")
    assert first.wait(PATIENCE_SECONDS) == 0, site.story()
    given_back = site.delivery("key")
    assert (given_back["state"], given_back["lease_until"]) == ("pending", None)
    assert given_back["attempt"] == 0
    assert hook.requests == []

    site.start("two", HOOK_SECRET=SECRET)
    site.until(lambda: site.delivery("key")["state"] == "delivered", "the other bridge sends it")
    assert hook.keys == ["key"]
    assert site.delivery("key")["attempt"] == 1
