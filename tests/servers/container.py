"""The repository's container image, built when needed and started through testcontainers."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from servers.base import (
    CRON_DATABASE,
    FAST_SETTINGS,
    Server,
    ServerUnavailableError,
    free_port,
    run_checked,
)

# The tests remove their container themselves; the reaper would need an image of its own.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGE = "hha-postgres"
PGTAP_IN_IMAGE = "/usr/share/postgresql/17/extension"


def engine_answers() -> bool:
    """Whether a Docker engine can be used from here."""
    if shutil.which("docker") is None:
        return False
    try:
        answer = subprocess.run(["docker", "version"], capture_output=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return False
    return answer.returncode == 0


def build_image() -> None:
    """Build the image from the repository's Dockerfile; quick when nothing changed."""
    command = ["docker", "build", "--network", "host", "--tag", IMAGE, str(REPOSITORY)]
    try:
        run_checked(command)
    except subprocess.CalledProcessError as error:
        last_lines = "\n".join((error.stdout + error.stderr).strip().splitlines()[-5:])
        message = f"the Docker engine answers but cannot build the image: {last_lines}"
        raise ServerUnavailableError(message) from error


def copy_pgtap(folder: Path) -> None:
    """Copy the image's pgTAP to ``folder``/extension, for a server that has none."""
    build_image()
    created = run_checked(["docker", "create", IMAGE]).stdout.strip()
    try:
        run_checked(["docker", "cp", f"{created}:{PGTAP_IN_IMAGE}", str(folder)])
    finally:
        run_checked(["docker", "rm", "--volumes", created])


class ContainerServer(Server):
    """PostgreSQL 17 with pg_cron, pgTAP and plpgsql_check in a container."""

    kind = "container"
    has_pg_cron = True

    def __init__(self) -> None:
        if not engine_answers():
            message = "no Docker engine answers; start one, or use --server debian"
            raise ServerUnavailableError(message)
        from testcontainers.core.container import DockerContainer

        build_image()
        self._password = secrets.token_urlsafe(16)
        # A port of our own choice: one that Docker chooses would change at every restart.
        self.port = free_port()
        options = " ".join(f"-c {name}={value}" for name, value in FAST_SETTINGS.items())
        self._container = (
            DockerContainer(IMAGE)
            .with_env("POSTGRES_PASSWORD", self._password)
            .with_env("POSTGRES_DB", CRON_DATABASE)
            .with_bind_ports(5432, self.port)
            .with_command(options)
        )
        try:
            self._container.start()
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise

    def run_tool(self, name: str, *arguments: str, dbname: str, stdin: str | None = None) -> str:
        container = self._container.get_wrapped_container().id
        command = ["docker", "exec", "--interactive", container, name, f"--dbname={dbname}"]
        return run_checked([*command, *arguments], stdin=stdin).stdout

    def start(self) -> None:
        self._container.get_wrapped_container().start()
        self.wait_until_ready()

    def stop(self, mode: str = "fast") -> None:
        container = self._container.get_wrapped_container()
        # PostgreSQL's own signals: SIGINT is a fast shutdown, SIGQUIT an immediate one.
        container.kill(signal="SIGQUIT" if mode == "immediate" else "SIGINT")
        container.wait(timeout=60)

    def close(self) -> None:
        if self._container.get_wrapped_container() is not None:
            self._container.stop(force=True, delete_volume=True)
