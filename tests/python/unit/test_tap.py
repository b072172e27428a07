"""The TAP reader must not be the reason that a failure goes unseen."""

from __future__ import annotations

import pytest
from servers.tap import read_tap


def test_all_ok() -> None:
    report = read_tap(["1..2", "ok 1 - one", "ok 2 - two"])
    assert report.problem is None
    assert report.passed == 2


def test_plan_may_come_last() -> None:
    assert read_tap(["ok 1", "1..1"]).problem is None


def test_a_failure_keeps_its_diagnostics() -> None:
    report = read_tap(["1..2", "not ok 1 - one", "#   have: 3", "#   want: 4", "ok 2", "# note"])
    assert report.failures == ["not ok 1 - one\n#   have: 3\n#   want: 4"]
    assert report.ran == 2


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "no plan"),
        (["ok 1"], "no plan"),
        (["1..3", "ok 1"], "planned 3 tests but ran 1"),
        (["1..1", "ok 1", "ok 2"], "planned 1 tests but ran 2"),
        (["1..1", "ok 1", "Bail out!  no hope"], "Bail out!"),
    ],
)
def test_problems(lines: list[str], expected: str) -> None:
    problem = read_tap(lines).problem
    assert problem is not None
    assert expected in problem


def test_todo_and_skip_are_no_failures() -> None:
    assert read_tap(["1..2", "not ok 1 - later # TODO next", "ok 2 # skip no cron"]).problem is None
    assert read_tap(["1..0 # SKIP needs pg_cron"]).problem is None
