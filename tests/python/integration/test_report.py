"""hha report in every form, over the history of docs/analysts.md, as a login that may only read."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from typer.testing import CliRunner

from hha import cli
from hha.errors import HhaError

if TYPE_CHECKING:
    from collections.abc import Callable

HISTORY = Path(__file__).resolve().parents[1] / "data" / "business_history.sql"

#: The clock of the tests is years before the history, which therefore is moved back.
MOVE = """
DO $$
DECLARE
    v_column record;
BEGIN
    FOR v_column IN
        SELECT c.relname, a.attname
        FROM pg_attribute AS a
        JOIN pg_class AS c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'health'::regnamespace AND c.relkind = 'r' AND NOT a.attisdropped
            AND a.attnum > 0 AND a.atttypid = 'timestamptz'::regtype
            AND c.relname IN ('status_transitions', 'maintenance_periods', 'monitor_gaps',
                'incidents', 'recovery_actions', 'agent_hours', 'agent_days')
    LOOP
        EXECUTE format('UPDATE health.%1$I SET %2$I = %2$I - interval ''3653 days'''
            ' WHERE isfinite(%2$I)', v_column.relname, v_column.attname);
    END LOOP;
    UPDATE health_internal.rollup_state SET rolled_from = rolled_from - interval '3653 days',
        hours_until = hours_until - interval '3653 days',
        days_until = days_until - interval '3653 days';
END;
$$
"""
PERIOD = ("--from", "2021-05-05 00:00+00", "--to", "2021-05-06 00:00+00")


class Tags(HTMLParser):
    """Names of all tags, and every attribute that could load something."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.loads += [name for name, _ in attrs if name in {"src", "href", "onload", "onclick"}]


@pytest.fixture
def analyst(deployed_database: str, login: Callable[..., str]) -> str:
    with psycopg.connect(deployed_database, autocommit=True) as connection:
        connection.execute(HISTORY.read_bytes())
        connection.execute(MOVE.encode())
        connection.execute(
            "UPDATE health.agents SET agent_name = 'Łódź <b>&' WHERE agent_id = 'shop'"
        )
    return login(deployed_database, "health_analyst")


def run(dsn: str, *options: str) -> Any:
    result = CliRunner().invoke(cli.app, ["report", "--dsn", dsn, *options])
    if isinstance(result.exception, HhaError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def test_on_screen_as_json_as_page_and_on_paper(analyst: str, tmp_path: Path) -> None:
    shown = run(analyst, *PERIOD).stdout
    for words in ("Revenue lost", "$1,010.00", "57.5 s", "not measured", "Łódź <b>&"):
        assert words in shown

    report = json.loads(run(analyst, *PERIOD, "--json").stdout)
    assert report["financial_impact"]["revenue_lost"]["value"] == pytest.approx(1010.00)

    html, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
    run(analyst, *PERIOD, "--html", str(html), "--pdf", str(pdf))
    text = html.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    assert "script" not in tags.names
    assert "link" not in tags.names
    assert not tags.loads
    assert tags.names.count("svg") == 3  # availability, revenue, incidents
    assert "Łódź &lt;b&gt;&amp;" in text
    assert "prefers-color-scheme: dark" in text
    # Every figure of the document is on the page.
    for section in ("executive_summary", "financial_impact", "operational_metrics"):
        for line in report[section].values():
            assert line["title"] in text
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", content)) >= 1


def test_without_a_period_the_last_week_is_told(analyst: str) -> None:
    report = json.loads(run(analyst, "--json").stdout)
    assert report["executive_summary"]["uptime_achievement"]["value"] is not None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "2021-05-06", "--to", "2021-05-05"), "from one time to a later one"),
        (("--from", "2121-05-06"), "a period must|has not begun"),
        (("--from", "never"), "invalid input syntax"),
        (("--html", "/nowhere/at/all.html"), "cannot write"),
    ],
)
def test_what_makes_no_sense_is_said(analyst: str, options: tuple[str, ...], words: str) -> None:
    with pytest.raises(HhaError, match=words):
        run(analyst, *options)


def test_without_fpdf2_it_says_what_to_install(
    analyst: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fpdf", None)
    with pytest.raises(HhaError, match="fpdf2") as caught:
        run(analyst, *PERIOD, "--pdf", str(tmp_path / "report.pdf"))
    assert "hha[report]" in str(caught.value)
