"""The plan parser computes the ids that sqitch computes, and says what is wrong with a plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from hha.deploy import Plan, parse_plan, read_plan
from hha.deploy.scripts import script_hash, script_path, without_commit, without_transaction
from hha.errors import PlanError

MIGRATIONS = Path(__file__).parents[1] / "data" / "lighthouse" / "migrations"
HEAD = "%syntax-version=1.0.0\n%project=p\n\n"
BY = "2026-01-01T00:00:00Z Ada Example <ada@lighthouse.example>"


@pytest.fixture
def plan() -> Plan:
    return read_plan(MIGRATIONS / "sqitch.plan")


def test_change_ids_are_those_of_sqitch_1_3_1(plan: Plan) -> None:
    # From `sqitch plan --format 'format:%H %n'` of this project.
    assert [(change.id, change.name) for change in plan.changes] == [
        ("4792acc46997541aa45c9545cc622652e9cc3e5d", "sql/roles"),
        ("ebcc1a17fbe20c932034f6db58a356af2b04892b", "sql/tables/lamps"),
        ("82f0c07b7d05a2aa3f43f8eeccc8956922ae7d63", "functions/shine"),
        ("f40c603af92100a8e73e1693a0467031bc5af040", "functions/shine"),
        ("bf041dd635df112ea97e64f51d1276b2ac58a85c", "sql/views"),
    ]


def test_tag_ids_are_those_of_sqitch_1_3_1(plan: Plan) -> None:
    # From the registry after `sqitch deploy` of this project.
    assert {tag.name: tag.id for change in plan.changes for tag in change.tags} == {
        "@v1": "09b37361cb07b3c40d93c8c5e2824d1f96f0ac96",
        "@v1.1": "536e9de7337c2080836e9dfffba1ab19b281743b",
    }


def test_notes_are_trimmed_and_unescaped(plan: Plan) -> None:
    assert plan.changes[1].note == "Größe – eine Lampe\nzweite Zeile, ein \\ Strich"  # noqa: RUF001


def test_dependencies_are_split_by_kind(plan: Plan) -> None:
    lamps, views = plan.changes[1], plan.changes[4]
    assert [one.text for one in lamps.requires] == ["sql/roles"]
    assert [one.text for one in lamps.conflicts] == ["darkhouse:lamps"]
    # The plan's own project is not part of the name.
    assert [one.text for one in views.requires] == ["functions/shine@v1", "functions/shine"]


def test_a_reworked_change_uses_the_scripts_of_its_tag(plan: Plan) -> None:
    old, new = plan.changes[2], plan.changes[3]
    assert old.rework_tags == ("@v1", "@v1.1")
    assert new.rework_tags == ()
    released = MIGRATIONS / "released" / "deploy" / "functions" / "shine@v1.sql"
    assert script_path(MIGRATIONS, old, "deploy") == released
    assert script_hash(MIGRATIONS, old) != script_hash(MIGRATIONS, new)


@pytest.mark.parametrize(
    ("key", "position"),
    [
        ("sql/roles", 0),
        ("functions/shine@v1", 2),
        ("functions/shine@HEAD", 3),
        ("@v1.1", 2),
        ("@HEAD", 4),
        ("bf041dd635df112ea97e64f51d1276b2ac58a85c", 4),
    ],
)
def test_a_change_is_found_by_name_tag_and_id(plan: Plan, key: str, position: int) -> None:
    assert plan.index(key) == position


def test_an_ambiguous_name_lists_what_to_write(plan: Plan) -> None:
    with pytest.raises(PlanError, match="2 times") as caught:
        plan.index("functions/shine")
    assert caught.value.hint is not None
    assert "functions/shine@v1, functions/shine@HEAD" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "%project"),
        (f"a {BY}\n", "line 1: the line %project"),
        (HEAD + "a\n", "line 4: expected"),
        (HEAD + "a 2026-01-01T00:00:00Z\n", "line 4: expected"),
        (HEAD + f"a {BY}\na {BY}\n", 'line 5: change "a" is a duplicate'),
        (HEAD + f"@t {BY}\n", "has no change before it"),
        (HEAD + f"a {BY}\n@t {BY}\n@t {BY}\n", "line 6: tag"),
        (HEAD + f"a [b] {BY}\n", 'required change "b" is not planned before'),
        (HEAD + f"a [b@@] {BY}\n", '"b@@" is not a dependency'),
        (HEAD + f"a {BY}\n-a {BY}\n", "not supported"),
        (HEAD + f"HEAD {BY}\n", "reserved"),
        (HEAD + f"a/ {BY}\n", "punctuation"),
    ],
)
def test_a_bad_plan_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        parse_plan(text)
    assert message in caught.value.message


def test_a_missing_plan_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"sqitch\.plan"):
        read_plan(tmp_path / "sqitch.plan")


def test_only_the_last_commit_is_taken_off() -> None:
    script = b"BEGIN;\nSELECT 'COMMIT;';\nCOMMIT;\n"
    assert without_commit(script) == b"BEGIN;\nSELECT 'COMMIT;';\n"
    assert without_commit(b"SELECT 1;\n") == b"SELECT 1;\n"


def test_a_verify_script_loses_its_transaction_and_keeps_its_lines() -> None:
    script = b"-- BEGIN;\n/* x */ begin;\nSELECT 1;\nROLLBACK;\n"
    bare = without_transaction(script)
    assert b"SELECT 1;" in bare
    assert b"ROLLBACK" not in bare
    assert b"begin;" not in bare
    assert bare.index(b"SELECT") == script.index(b"SELECT")
