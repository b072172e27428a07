"""The units of packaging/systemd: systemd reads them without a word, and they are closed enough."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "packaging" / "systemd"
UNITS = sorted(path.name for path in FOLDER.glob("*.service"))
PROGRAM = "/opt/hha/bin/hha"

#: systemd's own scale, in tenths: 0 is closed, 100 open. The bridge's children want some room.
MOST_EXPOSED = {
    "hha-bridge.service": 20,
    "hha-dashboard.service": 15,
    "hha-gateway.service": 15,
}


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        message = "no systemd-analyze; as root: ci/install_packages.sh systemd"
        if os.environ.get("CI") and os.geteuid() == 0:
            pytest.fail(message)
        pytest.skip(message)
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_there_are_units() -> None:
    assert set(UNITS) == set(MOST_EXPOSED)


@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_every_line(name: str, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("hha")
    text = (FOLDER / name).read_text()
    assert f"ExecStart={PROGRAM} " in text
    unit = tmp_path / name
    unit.write_text(text.replace(PROGRAM, str(program)))
    done = analyze("verify", "--man=no", "--recursive-errors=no", str(unit))
    about = [line for line in done.stderr.splitlines() if name in line or str(tmp_path) in line]
    assert about == []
    assert done.returncode == 0, done.stderr

    unit.write_text(f"{unit.read_text()}\n[Service]\nProtectSistem=yes\nRestart=perhaps\n")
    wrong = analyze("verify", "--man=no", "--recursive-errors=no", str(unit))
    assert "ProtectSistem" in wrong.stderr


@pytest.mark.parametrize("name", UNITS)
def test_the_exposure_is_small(name: str) -> None:
    done = analyze(
        *("security", "--offline=yes", "--no-pager"),
        f"--threshold={MOST_EXPOSED[name]}",
        str(FOLDER / name),
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", UNITS)
def test_the_command_line_is_one_that_hha_has(name: str) -> None:
    """The command exists, and no secret stands in the unit."""
    text = (FOLDER / name).read_text()
    found = re.search(rf"^ExecStart={PROGRAM} (\S+)", text, re.MULTILINE)
    assert found is not None
    done = subprocess.run(
        [Path(sys.executable).with_name("hha"), found[1], "--help"], capture_output=True
    )
    assert done.returncode == 0
    assert "password=" not in text
    assert "LoadCredential=password:" in text
