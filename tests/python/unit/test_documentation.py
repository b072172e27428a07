"""The documentation finds what it names: files, links, headings; so do comments in the sources."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
#: What is to come.
EXAMPLES = {"sql/tables/agents_001_add_region.sql"}
#: Where paths may begin, as somebody in a checkout would write them.
FOLDERS = (
    "bench", "ci", "docker", "docs", "functions", "integrations", "migrations", "packaging",
    "python_bridge", "sql", "tests", "triggers",
)  # fmt: skip
SOURCES = sorted(
    path
    for folder in FOLDERS
    for pattern in ("*.py", "*.sql", "*.sh", "*.toml", "*.yaml")
    for path in (ROOT / folder).rglob(pattern)
    if path != ROOT / "docs" / "schema.sql"
)

_LINK = re.compile(r"\]\((?!https?:)(?P<target>[^)#\s]*)(?:#(?P<heading>[^)\s]+))?\)")
_QUOTED = re.compile(r"`([^`\s]+)`")
_PATH = re.compile(rf"(?<![\w/.\"'-])(?:{'|'.join(FOLDERS)})/[\w./*-]*[\w*/]")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@cache
def headings(page: Path) -> set[str]:
    """What may follow # in a link to the page, as GitHub makes it of headings."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }


@cache
def file_names() -> set[str]:
    return {path.name for folder in FOLDERS for path in (ROOT / folder).rglob("*")}


def is_there(name: str, beside: Path) -> bool:
    """Whether a path leads somewhere, from the root or beside the page; * stands for any name."""
    return any(any(base.glob(name.rstrip("/"))) for base in (ROOT, beside))


def test_there_are_pages_and_sources() -> None:
    assert len(PAGES) > 40
    assert len(SOURCES) > 500


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_finds_what_it_links_to(page: Path) -> None:
    missing = []
    for match in _LINK.finditer(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        target = page.parent / match["target"] if match["target"] else page
        heading = match["heading"]
        if not target.exists() or (heading and heading not in headings(target.resolve())):
            missing.append(match[0])
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_finds_the_files_it_names(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    quoted = set(_QUOTED.findall(text)) - EXAMPLES
    missing = [
        name
        for name in sorted(quoted)
        if (_PATH.fullmatch(name) and not is_there(name, page.parent))
        or (re.fullmatch(r"\w+\.(?:sql|py)", name) and name not in file_names())
    ]
    assert not missing


def test_comments_find_the_files_they_name() -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES
        for name in _PATH.findall(path.read_text(encoding="utf-8"))
        if name.endswith((".sql", ".py", ".md", ".toml")) and not is_there(name, path.parent)
    ]
    assert not missing
