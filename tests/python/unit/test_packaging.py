"""The SQL is in the sdist and in the wheel, every file of the tree once, and works from there."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def sql_in_tree() -> Counter[str]:
    """Paths below migrations/ as a deployment sees them, through the symlinks."""
    found = (ROOT / "migrations").rglob("*.sql")
    linked = (
        path
        for folder in (ROOT / "migrations" / "deploy").iterdir()
        if folder.is_symlink()
        for path in (folder.resolve()).rglob("*.sql")
    )
    names = {path.relative_to(ROOT / "migrations").as_posix() for path in found}
    names |= {f"deploy/{path.relative_to(ROOT).as_posix()}" for path in linked}
    return Counter(names)


def below_migrations(names: list[str]) -> Counter[str]:
    return Counter(
        name.partition("hha/migrations/")[2]
        for name in names
        if "hha/migrations/" in name and name.endswith(".sql")
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist, the wheel of the tree and, in from_sdist/, the wheel of the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder, "sdist", "wheel")
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    build(next((folder / "unpacked").iterdir()), folder / "from_sdist", "wheel")
    return folder


def build(source: Path, target: Path, *kinds: str) -> None:
    for kind in kinds:
        done = subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)],
            cwd=source,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def wheel_names(folder: Path) -> list[str]:
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.namelist()


def test_the_sdist_has_every_script_once(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        members = [member.name for member in archive.getmembers()]
    assert below_migrations(members) == sql_in_tree()


def test_the_wheel_has_every_script_once(built: Path) -> None:
    names = wheel_names(built)
    assert below_migrations(names) == sql_in_tree()
    assert "hha/migrations/sqitch.plan" in names
    assert "hha/py.typed" in names
    for folder in ("bridge/channels/templates", "answers/queries"):
        for file in (ROOT / "python_bridge/hha" / folder).iterdir():
            assert f"hha/{folder}/{file.name}" in names


def test_a_wheel_made_from_the_sdist_is_the_same(built: Path) -> None:
    assert Counter(wheel_names(built / "from_sdist")) == Counter(wheel_names(built))


def test_the_tree_has_scripts() -> None:
    assert sql_in_tree()


@pytest.fixture
def installed(built: Path, tmp_path: Path) -> Path:
    """The wheel, unpacked by pip into a folder of its own, without what it depends on."""
    wheel = next(built.glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "--quiet", "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", tmp_path / "site", wheel], check=True, capture_output=True)
    return tmp_path / "site"


def test_an_installed_wheel_needs_no_checkout(installed: Path, tmp_path: Path) -> None:
    """Elsewhere than in the checkout, whose editable installation it goes before."""

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(installed)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("-c", "import hha; print(hha.__file__)").strip()
    assert Path(where).parent == installed / "hha"
    planned = run("-m", "hha.child", "deploy", "--plan", "--json")
    plan = (ROOT / "migrations" / "sqitch.plan").read_text()
    changes = [line for line in plan.splitlines() if line and line[0] not in "%#@"]
    assert len(json.loads(planned)) == len(changes)
    missing = run("-c", READS_EVERY_SCRIPT)
    assert missing == "[]\n"
    assert "--config" in run("-m", "hha.child", "bridge", "--help")


READS_EVERY_SCRIPT = """
from hha.deploy import migrations_dir, read_plan
folder = migrations_dir()
print([
    (kind, change.name)
    for change in read_plan(folder / "sqitch.plan").changes
    for kind in ("deploy", "revert", "verify")
    if not (folder / kind / f"{change.name}.sql").is_file()
])
"""
