"""compose.yaml on a real engine: one command, and a failing agent is seen, told and shown."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from servers.base import free_port
from servers.container import REPOSITORY
from servers.engine import docker, require_engine
from servers.waiting import until

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 90.0
LOCAL_AUTHORITIES = Path("/usr/local/share/ca-certificates")


def compose_command() -> list[str]:
    """The plugin of Docker, or the program of Debian's package."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose") is None:
        message = "no docker-compose; as root: ci/install_packages.sh docker"
        if os.environ.get("CI") and os.geteuid() == 0:
            pytest.fail(message)
        pytest.skip(message)
    return ["docker-compose"]


class Composed:
    """The services of compose.yaml under a project name and at ports of their own."""

    def __init__(self) -> None:
        self.database_port, self.page_port, self.gateway_port = (free_port() for _ in range(3))
        self._command = [*compose_command(), "--project-name", f"hha-test-{os.getpid()}"]
        authorities = sorted(LOCAL_AUTHORITIES.glob("*.crt"))
        self._environment = {
            **os.environ,
            "HHA_DATABASE_ADDRESS": f"127.0.0.1:{self.database_port}",
            "HHA_PAGE_ADDRESS": f"127.0.0.1:{self.page_port}",
            "HHA_GATEWAY_ADDRESS": f"127.0.0.1:{self.gateway_port}",
            "CA_CERTIFICATES": "\n".join(path.read_text() for path in authorities),
        }

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._command, *arguments],
            cwd=REPOSITORY,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def secret(self, name: str) -> str:
        return (REPOSITORY / "secrets" / name).read_text()

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.database_port,
            dbname="health",
            user="postgres",
            password=self.secret("postgres_password"),
            autocommit=True,
        )

    def container(self, service: str) -> dict[str, Any]:
        found = docker("inspect", self("ps", "--quiet", service).strip())
        container: dict[str, Any] = json.loads(found)[0]
        return container

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        return until(condition, lambda: f"{what}\n{self('logs')}", seconds=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def composed() -> Iterator[Composed]:
    """Everything up; gone with its volumes afterwards."""
    require_engine()
    compose = Composed()
    secrets = REPOSITORY / "secrets"
    had_secrets = secrets.exists()
    subprocess.run([REPOSITORY / "docker" / "make_secrets.sh"], check=True, capture_output=True)
    try:
        compose("up", "--build", "--detach")
        yield compose
    finally:
        compose("down", "--volumes", "--timeout", "20")
        if not had_secrets:
            shutil.rmtree(secrets)


def test_a_failing_agent_is_seen_told_and_shown(composed: Composed) -> None:
    with composed.connect() as connection:

        def value(query: str) -> Any:
            row = connection.execute(query.encode()).fetchone()
            return None if row is None else row[0]

        composed.until(
            lambda: value("SELECT scheduler FROM health.engine_health") == "pg_cron",
            "pg_cron ticks",
        )
        connection.execute(
            "INSERT INTO health.agent_heartbeats (agent_id, state) VALUES ('press-1', 'failed')"
        )
        composed.until(
            lambda: value(
                "SELECT state FROM health.deliveries WHERE agent_ids = '{press-1}'"
                " AND event = 'opened' AND channel = 'console' AND state = 'delivered'"
            ),
            "the bridge delivers",
        )
        queued = "SELECT count(*) FROM health.recovery_actions WHERE agent_id = 'press-1'"
        assert value(queued) == 1

    assert "press-1" in composed("logs", "bridge")

    page = f"http://localhost:{composed.page_port}"
    with httpx.Client(base_url=page, follow_redirects=True, timeout=30) as browser:
        assert browser.get("/healthz").json() == {"status": "ok"}
        assert "press-1" not in browser.get("/").text
        signed_in = browser.post(
            "/sign-in",
            data={"login": "operator", "password": composed.secret("operator_password")},
        )
        assert signed_in.status_code == 200, signed_in.text
        assert "press-1" in browser.get("/agents/press-1").text

    created = composed("run", "--rm", "deploy", "ping-url", "press-1", "--json")
    ping_id = json.loads(created)["ping_id"]
    gateway = f"http://localhost:{composed.gateway_port}"
    assert httpx.get(f"{gateway}/ping/{ping_id}", timeout=30).text == "OK"
    with composed.connect() as connection:
        beats = "SELECT count(*) FROM health.recent_heartbeats WHERE agent_id = 'press-1'"
        assert connection.execute(beats.encode()).fetchall() == [(2,)]

    for service in ("database", "bridge", "dashboard", "gateway"):
        container = composed.container(service)
        assert container["Config"]["User"] not in ("", "root", "0"), service
        assert container["Config"]["Healthcheck"]["Test"], service
        assert container["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped", service
    alive = composed("exec", "-T", "bridge", *bridge_check())
    assert json.loads(alive) == {"worker": "bridge:main", "liveness": "alive"}
    doctor = composed("run", "--rm", "deploy", "doctor", "--json")
    levels = {finding["check"]: finding["level"] for finding in json.loads(doctor)}
    assert "fail" not in levels.values(), doctor
    assert (levels["schedule"], levels["listener"]) == ("ok", "ok"), doctor


def bridge_check() -> tuple[str, ...]:
    return ("hha", "bridge", "--config", "/etc/hha/bridge.toml", "--alive", "--json")
