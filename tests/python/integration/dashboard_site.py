"""A dashboard on a real server and the browsers that look at it: what tests of the page share."""

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
