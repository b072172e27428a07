"""The dashboard on a real database: who may see and do what, and in a real browser what is seen."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest
from page_server import page_server
from psycopg.conninfo import conninfo_to_dict

from hha.dashboard.settings import DashboardSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Engine

    OpenPage = Callable[..., str]

TOKEN = "a-link-for-one-person"
HOSTILE = "<img src=x onerror=alert(1)>/../?#\"'"


@pytest.fixture
def open_page(engine: Engine, login: Callable[..., str]) -> Iterator[OpenPage]:
    """Starts a dashboard that reads as an analyst; returns its address."""
    with contextlib.ExitStack() as running:

        def start(**changes: Any) -> str:
            settings = {
                "dsn": login(engine.dsn, "health_analyst"),
                "sign_in_dsn": engine.dsn,
                **changes,
            }
            return running.enter_context(page_server(DashboardSettings(port=0, **settings)))

        yield start


@contextlib.contextmanager
def browser_of(url: str, *, follow: bool = True) -> Iterator[httpx.Client]:
    """A client that keeps cookies, as a browser does."""
    with httpx.Client(base_url=url, follow_redirects=follow, timeout=30) as client:
        yield client


def sign_in(client: httpx.Client, dsn: str) -> httpx.Response:
    parts = conninfo_to_dict(dsn)
    form = {"login": str(parts["user"]), "password": str(parts["password"])}
    return client.post("/sign-in", data=form)


def csrf_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def an_open_alert(engine: Engine, agent_id: str = "a1") -> int:
    with psycopg.connect(engine.dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO health.agent_heartbeats (agent_id, state) VALUES (%s, 'failed')",
            (agent_id,),
        )
        connection.execute("SELECT health.tick()")
        row = connection.execute(
            "SELECT alert_id FROM health.open_alerts WHERE agent_id = %s", (agent_id,)
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_nobody_looks_without_signing_in(open_page: OpenPage) -> None:
    with browser_of(open_page(), follow=False) as client:
        for path in (
            "/",
            "/alerts",
            "/recoveries",
            "/executive",
            "/engine",
            "/agents/a1",
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


CHROMIUM = shutil.which("chromium")


@pytest.fixture
def chromium() -> Iterator[Any]:
    """A page of a real browser that fails the test for any error on its console."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no chromium; as root: ci/install_packages.sh browser")
        pytest.skip("no chromium; as root: ci/install_packages.sh browser")
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on(
            "console", lambda line: complaints.append(line.text) if line.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()
    assert complaints == []


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
    keep("agent")
    page.goto(page.url.split("/agents")[0] + "/alerts")
    cards = page.locator("article.card").filter(has_text="says it has failed")
    expect(cards).to_have_count(30)
    cards.first.get_by_label("Note").fill("on it")
    cards.first.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("is acknowledged")).to_be_visible()
    expect(page.locator("article.card").filter(has_text="taken by")).to_have_count(1)
    keep("alerts")
