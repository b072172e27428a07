"""Every file of tests/pgtap, each in a fresh clone of the deployed schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers.tap import run_pgtap

PGTAP_ROOT = Path(__file__).resolve().parents[2] / "pgtap"
FILES = sorted(PGTAP_ROOT.rglob("*.sql"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PGTAP_ROOT)))
def test_pgtap(file: Path, pgtap_database: str) -> None:
    report = run_pgtap(pgtap_database, file.read_text(encoding="utf-8"))
    if report.problem is not None:
        pytest.fail(f"{file.relative_to(PGTAP_ROOT)}\n{report.problem}", pytrace=False)
    assert report.passed > 0 or report.is_skipped
