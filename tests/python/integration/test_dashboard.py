"""The dashboard on a real database: who may see and do what, and in a real browser what is seen."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from dashboard_site import an_open_alert, browser_of, csrf_of, sign_in
from psycopg.conninfo import conninfo_to_dict
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Engine
    from dashboard_site import OpenPage

TOKEN = "a-link-for-one-person"
HOSTILE = "<img src=x onerror=alert(1)>/../?#\"'"


def test_nobody_looks_without_signing_in(open_page: OpenPage) -> None:
    with browser_of(open_page(), follow=False) as client:
        for path in (
            "/",
            "/alerts",
            "/recoveries",
            "/executive",
            "/engine",
            "/agents/a1",
            "/cells",
            "/events",
        ):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
        assert client.get("/healthz").json() == {"status": "ok"}


def test_every_answer_tells_browsers_to_be_careful(open_page: OpenPage) -> None:
    with browser_of(open_page(is_open=True)) as client:
        for path in ("/", "/sign-in", "/static/style.css", "/nothing-here"):
            headers = client.get(path).headers
            assert "default-src 'none'" in headers["content-security-policy"], path
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"


def test_another_host_name_is_refused(open_page: OpenPage) -> None:
    with browser_of(open_page(is_open=True)) as client:
        assert client.get("/", headers={"host": "rebound.example"}).status_code == 400


def test_an_operator_acknowledges_with_his_own_rights(
    open_page: OpenPage, engine: Engine, login: Callable[..., str]
) -> None:
    alert_id = an_open_alert(engine)
    operator = login(engine.dsn, "health_operator")
    with browser_of(open_page()) as client:
        assert sign_in(client, operator).url.path == "/"
        page = client.get("/alerts")
        assert "says it has failed" in page.text
        answer = client.post(
            f"/alerts/{alert_id}/ack",
            data={"csrf": csrf_of(page), "note": "on it", "from": "/alerts"},
        )
        assert f"alert {alert_id} is acknowledged" in answer.text
    assert engine.rows(
        "SELECT acknowledged_by FROM health.open_alerts WHERE alert_id = %s", alert_id
    ) == [{"acknowledged_by": conninfo_to_dict(operator)["user"]}]


def test_a_session_is_a_careful_cookie_and_ends_with_signing_out(
    open_page: OpenPage, engine: Engine, login: Callable[..., str]
) -> None:
    dsn = login(engine.dsn, "health_analyst")
    url = open_page()
    with browser_of(url, follow=False) as client:
        answer = sign_in(client, dsn)
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "secure" not in cookie
        (stolen,) = client.cookies.items()
        page = client.get("/")
        assert str(conninfo_to_dict(dsn)["password"]) not in page.text
        assert stolen[1] not in page.text
        client.post("/sign-out", data={"csrf": csrf_of(page)})
        client.cookies.set(*stolen)
        assert client.get("/").headers["location"] == "/sign-in"


def test_an_analyst_may_only_look(
    open_page: OpenPage, engine: Engine, login: Callable[..., str]
) -> None:
    alert_id = an_open_alert(engine)
    with browser_of(open_page()) as client:
        sign_in(client, login(engine.dsn, "health_analyst"))
        page = client.get("/alerts")
        assert "Acknowledge" not in page.text
        answer = client.post(f"/alerts/{alert_id}/ack", data={"csrf": csrf_of(page)})
        assert answer.status_code == 403
        assert "permission denied" in answer.text
    assert engine.rows("SELECT acknowledged_at FROM health.open_alerts") == [
        {"acknowledged_at": None}
    ]


@pytest.mark.parametrize(
    ("csrf", "headers"),
    [("", {}), ("guessed", {}), (None, {"sec-fetch-site": "cross-site"})],
)
def test_a_forged_form_does_nothing(
    open_page: OpenPage,
    engine: Engine,
    login: Callable[..., str],
    csrf: str | None,
    headers: dict[str, str],
) -> None:
    alert_id = an_open_alert(engine)
    with browser_of(open_page()) as client:
        sign_in(client, login(engine.dsn, "health_operator"))
        token = csrf_of(client.get("/alerts")) if csrf is None else csrf
        answer = client.post(f"/alerts/{alert_id}/ack", data={"csrf": token}, headers=headers)
        assert answer.status_code == 403
    assert engine.rows("SELECT acknowledged_at FROM health.open_alerts") == [
        {"acknowledged_at": None}
    ]


def test_wrong_passwords_are_refused_and_soon_not_even_tried(
    open_page: OpenPage, engine: Engine, login: Callable[..., str]
) -> None:
    right = login(engine.dsn, "health_operator")
    user = conninfo_to_dict(right)["user"]
    with browser_of(open_page()) as client:
        for _ in range(5):
            answer = client.post("/sign-in", data={"login": str(user), "password": "wrong"})
            assert answer.status_code == 403
            assert "do not fit" in answer.text
        assert sign_in(client, right).status_code == 429


def test_a_login_without_our_roles_is_told_what_it_lacks(
    open_page: OpenPage, engine: Engine, login: Callable[..., str]
) -> None:
    with browser_of(open_page()) as client:
        answer = sign_in(client, login(engine.dsn))
        assert answer.status_code == 403
        assert "health_analyst" in answer.text


def test_a_login_of_one_tenant_is_not_shown_the_others(
    open_page: OpenPage, engine: Engine, login: Callable[..., str]
) -> None:
    confined = login(engine.dsn, "health_analyst")
    engine.run(
        "INSERT INTO health.tenant_logins VALUES (%s, 'north')",
        conninfo_to_dict(confined)["user"],
    )
    engine.run(
        "INSERT INTO health.agents (agent_id, agent_name, tenant)"
        " VALUES ('n1', 'N', 'north'), ('s1', 'S', 'south')"
    )
    with browser_of(open_page()) as client:
        answer = sign_in(client, confined)
        assert answer.status_code == 403
        assert "some tenants only" in answer.text
    with browser_of(open_page(dsn=confined)) as client:
        sign_in(client, login(engine.dsn, "health_operator"))
        assert [cell[0] for cell in client.get("/cells").json()["cells"]] == ["n1"]
        assert client.get("/agents/s1").status_code == 404
        assert "about the whole fleet" in client.get("/executive").text


def test_the_link_of_one_person(open_page: OpenPage, engine: Engine) -> None:
    with browser_of(open_page(token=TOKEN)) as client:
        assert client.get("/sign-in", params={"token": "guessed"}).status_code == 403
        assert client.get("/sign-in", params={"token": TOKEN}).url.path == "/"
        answer = client.post("/sign-out", data={"csrf": csrf_of(client.get("/"))})
        assert answer.url.path == "/sign-in"
        assert client.get("/").url.path == "/sign-in"
    with browser_of(open_page()) as client:
        assert client.get("/sign-in", params={"token": ""}).url.path == "/sign-in"
        assert client.get("/sign-in", params={"token": TOKEN}).status_code == 403


def test_open_to_all_shows_and_changes_nothing(open_page: OpenPage, engine: Engine) -> None:
    alert_id = an_open_alert(engine)
    with browser_of(open_page(is_open=True)) as client:
        assert "says it has failed" in client.get("/alerts").text
        assert client.post(f"/alerts/{alert_id}/ack", data={"csrf": ""}).status_code == 403


def test_hostile_names_stay_text(open_page: OpenPage, engine: Engine) -> None:
    an_open_alert(engine, HOSTILE)
    with browser_of(open_page(is_open=True)) as client:
        fleet = client.get("/")
        assert "<img" not in fleet.text
        link = re.search(r'<td><a href="(/agents/[^"]+)"', fleet.text)
        assert link is not None
        page = client.get(link[1])
        assert page.status_code == 200
        assert "<img" not in page.text
        assert client.get("/agents/nobody").status_code == 404


def test_a_silence_and_a_recovery_from_the_agents_page(
    open_page: OpenPage, engine: Engine, login: Callable[..., str]
) -> None:
    an_open_alert(engine)
    with browser_of(open_page()) as client:
        sign_in(client, login(engine.dsn, "health_operator"))
        form = {"csrf": csrf_of(client.get("/agents/a1")), "from": "/agents/a1"}
        answer = client.post(
            "/agents/a1/silence", data={**form, "minutes": "30", "reason": "known"}
        )
        assert "a1 is silenced for 30 minutes" in answer.text
        for minutes in ("0", "-5", "x", "99999999"):
            answer = client.post("/agents/a1/silence", data={**form, "minutes": minutes})
            assert answer.status_code == 400
            assert "is not possible" in answer.text
        answer = client.post("/agents/a1/recover", data={**form, "issue_type": "no_such_issue"})
        assert answer.status_code == 400
        away = client.post(
            "/agents/a1/silence",
            data={**form, "minutes": "5", "reason": "r", "from": "//elsewhere.example"},
        )
        assert away.url.path == "/"
    assert engine.rows("SELECT reason FROM health.silences ORDER BY silence_id") == [
        {"reason": "known"},
        {"reason": "r"},
    ]


def test_in_a_browser(
    open_page: OpenPage, engine: Engine, login: Callable[..., str], chromium: Any
) -> None:
    """Sign in, see the fleet go live, open an agent by keyboard, acknowledge."""
    from playwright.sync_api import expect

    def insert(state: str) -> None:
        with psycopg.connect(engine.dsn, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO health.agent_heartbeats (agent_id, state, cpu_usage_percent)"
                " SELECT 'svc-' || n, %s, 10 FROM generate_series(1, 30) AS n",
                (state,),
            )
            connection.execute("SELECT health.tick()")

    def keep(name: str) -> None:
        if folder := os.environ.get("HHA_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/{name}.png")

    page = chromium
    page.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    parts = conninfo_to_dict(login(engine.dsn, "health_operator"))
    page.goto(open_page())
    page.get_by_label("Login").fill(str(parts["user"]))
    page.get_by_label("Password").fill(str(parts["password"]))
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#pulse")).to_have_text("nobody ticks")
    insert("running")
    expect(page.locator("#pulse")).to_have_text("live")
    expect(page.locator("#shown")).to_have_text(re.compile("^31 agents"))
    insert("failed")
    expect(page.locator("nav .count")).to_have_text(re.compile("^3[01]$"))  # and perhaps: no bridge
    keep("fleet")
    page.get_by_label("Search").fill("svc-7")
    expect(page.locator("#shown")).to_have_text("1 of 31 agents")
    page.locator("#fleet").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#hover")).to_contain_text("svc-7: critical, score 20")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("svc-7")
    expect(page.locator("#cpu canvas")).to_be_visible()
    page.locator("#scores").focus()
    page.keyboard.press("End")
    expect(page.locator("#score-tip")).to_contain_text(re.compile("score 20.0 = .* - gate "))
    page.get_by_role("button", name="error rate").click()
    expect(page.locator("[data-part=error_rate]")).to_have_attribute("aria-pressed", "false")
    keep("agent")
    page.goto(page.url.split("/agents")[0] + "/alerts")
    cards = page.locator("article.card").filter(has_text="says it has failed")
    expect(cards).to_have_count(30)
    cards.first.get_by_label("Note").fill("on it")
    cards.first.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("is acknowledged")).to_be_visible()
    expect(page.locator("article.card").filter(has_text="taken by")).to_have_count(1)
    keep("alerts")
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(page.url.split("/alerts")[0] + "/executive")
    expect(page.locator("header")).to_be_hidden()
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")


def test_a_hidden_tab_asks_nothing(open_page: OpenPage, engine: Engine, chromium: Any) -> None:
    def listeners() -> int:
        return int(
            engine.value(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN%%' AND datname = current_database()"
            )
        )

    def show(state: str) -> None:
        chromium.evaluate(
            "(state) => { Object.defineProperty(document, 'visibilityState',"
            " { value: state, configurable: true });"
            " document.dispatchEvent(new Event('visibilitychange')); }",
            state,
        )

    chromium.goto(open_page(is_open=True))
    until(lambda: listeners() == 1, "somebody looks")
    show("hidden")
    until(lambda: listeners() == 0, "nobody looks any more")
    engine.run("INSERT INTO health.agent_heartbeats (agent_id) VALUES ('while-away')")
    engine.run("SELECT health.tick()")
    show("visible")
    until(lambda: chromium.inner_text("#shown") == "2 agents", "what came meanwhile is there")
