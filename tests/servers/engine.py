"""The Docker engine, for tests of what is done to containers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from servers.base import run_checked
from servers.container import REPOSITORY, engine_answers

BASE_IMAGE = "debian:trixie-slim"


def require_engine() -> None:
    """Skip where no engine answers; fail where .ci/run has started one (in CI, as root)."""
    if engine_answers():
        run_checked([str(REPOSITORY / "ci" / "make_base_image.sh")])
        return
    message = "no Docker engine answers: start one to test what the bridge does to containers"
    if os.environ.get("CI") and os.geteuid() == 0:
        pytest.fail(message)
    pytest.skip(message)


def docker(*arguments: str) -> str:
    """What a docker command prints. Raises subprocess.CalledProcessError with its words."""
    return run_checked(["docker", *arguments]).stdout.strip()


@contextmanager
def running_container(*arguments: str) -> Iterator[str]:
    """The id of a container without a network, removed at the end."""
    container = docker("run", "--detach", "--network", "none", *arguments)
    try:
        yield container
    finally:
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=False)
