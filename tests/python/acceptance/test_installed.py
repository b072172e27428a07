"""The wheel alone, outside of a checkout: `hha deploy` into the embedded PostgreSQL it starts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import clean_environment, open_folder
from servers.container import REPOSITORY

from hha import embedded

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder far from the checkout, with an embedded server's home that is stopped in the end."""
    with open_folder() as folder:
        try:
            yield folder
        finally:
            embedded.stop(folder / "home")


def test_a_wheel_deploys_and_says_how_it_is(folder: Path) -> None:
    def python(*arguments: str, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=clean_environment(folder / "home", **more),
            capture_output=True,
            text=True,
            timeout=150,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    (wheel,) = (folder / "dist").iterdir()
    pip = ("-m", "pip", "--quiet", "install", "--no-deps", "--no-index")
    python(*pip, "--target", str(folder / "site"), str(wheel))

    def hha(*arguments: str) -> str:
        return python("-m", "hha.child", *arguments, PYTHONPATH=str(folder / "site"))

    assert str(folder) in python("-c", "import hha; print(hha)", PYTHONPATH=str(folder / "site"))
    deployed = json.loads(hha("deploy", "--json"))["deployed"]
    assert deployed == json.loads(hha("deploy", "--plan", "--json"))
    assert hha("deploy") == "nothing to deploy\n"
