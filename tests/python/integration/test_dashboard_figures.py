"""Every figure that the page shows equals its view, and nothing on it is more than text."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from dashboard_site import an_open_alert, browser_of

from hha.dashboard.live import Fleet, difference

if TYPE_CHECKING:
    from conftest import Engine
    from dashboard_site import OpenPage

AGENT = "a1"


class Tables(HTMLParser):
    """The rows of a page, a list of the texts of their cells each; and its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inline: list[str] = []
        self._cell: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A cell begins; what could run is noted."""
        names = dict(attrs)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._cell = []
        is_script = tag == "script" and "src" not in names
        if (is_script and names.get("type") != "application/json") or tag == "style":
            self.inline.append(tag)
        self.inline += [name for name in names if name == "style" or name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        """A cell ends."""
        if tag in ("td", "th") and self._cell is not None:
            self.rows[-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data: str) -> None:
        """Text of a cell."""
        if self._cell is not None:
            self._cell.append(data)


def series_of(page: str) -> dict[str, Any]:
    found = re.search(r'id="series">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


@pytest.fixture
def story(engine: Engine) -> Engine:
    """An agent that has failed, been found strange, is foreseen to fail, and is recovered from."""
    an_open_alert(engine, AGENT)
    engine.run("SELECT health_internal.sample_scores(clock_timestamp() - interval '2 minutes')")
    engine.run(
        "UPDATE health.agent_status SET heartbeat_consistency = 51.25, error_rate = 60.5,"
        " ungated_score = 77, score = 20 WHERE agent_id = 'a1'"
    )
    engine.run(
        "INSERT INTO health.anomalies (agent_id, metric_name, started_at, last_seen_at, peak_score,"
        " peak_value, expected_low, expected_high, reason)"
        " VALUES ('a1', 'cpu_usage_percent', now() - interval '5 minutes', now(), 0.9, 87.654,"
        " 10.5, 42.25, 'value above expected range')"
    )
    engine.run(
        "INSERT INTO health_internal.failure_predictions"
        " (agent_id, horizon, probability, threshold, basis, reasons, predicted_at)"
        " VALUES ('a1', '24 hours', 0.873, 0.5, 'trend', '[{\"reason\": \"memory grows\"}]', now())"
    )
    return engine


def test_every_figure_of_an_agent_equals_its_view(open_page: OpenPage, story: Engine) -> None:
    with browser_of(open_page(is_open=True)) as client:
        page = client.get(f"/agents/{AGENT}").text
    rows = Tables(page).rows
    for row in story.rows("SELECT * FROM health.explain(%s)", AGENT):
        weight, value = (
            "-" if row[name] is None else f"{row[name]:.{digits}f}"
            for name, digits in (("weight", 2), ("value", 1))
        )
        name = row["component"].replace("_", " ")
        assert [name, weight, value, f"{row['contribution']:.2f}"] in [one[:4] for one in rows]
    score = story.value("SELECT score FROM health.fleet WHERE agent_id = %s", AGENT)
    assert f'data-cell="score">{score:.1f}<' in page
    assert ["cpu_usage_percent", "value above expected range", "87.65", "10.50 to 42.25"] in [
        one[:4] for one in rows
    ]
    assert ["24 h", "87.3 %", "50.0 %", "trend", "memory grows"] in rows
    (incident,) = story.rows("SELECT * FROM health.incidents WHERE agent_id = %s", AGENT)
    assert [str(incident["incident_id"]), incident["severity"]] in [one[:2] for one in rows]
    (alert,) = story.rows("SELECT * FROM health.alerts WHERE agent_id = %s", AGENT)
    assert [alert["severity"], alert["rule"], alert["summary"]] in [one[:3] for one in rows]
    (recovery,) = story.rows("SELECT * FROM health.recovery_history WHERE agent_id = %s", AGENT)
    assert [recovery["issue_type"], recovery["state"]] in [one[:2] for one in rows]
    for row in story.rows("SELECT * FROM health.agent_timeline WHERE agent_id = %s", AGENT):
        assert row["what"] in html.unescape(page)


def test_the_figures_of_managers_equal_the_report(open_page: OpenPage, story: Engine) -> None:
    def reported() -> dict[str, str]:
        report = story.value(
            "SELECT health.executive_report("
            "clock_timestamp() - interval '7 days', clock_timestamp())"
        )
        return {
            figure["title"] or name.replace("_", " "): figure["text"]
            for part in ("executive_summary", "financial_impact", "operational_metrics")
            for name, figure in report[part].items()
        }

    before = reported()
    with browser_of(open_page(is_open=True)) as client:
        page = client.get("/executive?days=7").text
    after = reported()
    found = re.findall(r'<div class="figure".*?<span>(.*?)</span><b.*?>(.*?)</b>', page)
    shown = {html.unescape(title): html.unescape(text) for title, text in found}
    # What the clock moves in between is left out.
    steady = {title: text for title, text in before.items() if after[title] == text}
    assert {title: shown[title] for title in steady} == steady
    assert len(steady) > 10


def test_engine_recoveries_and_alerts_equal_their_views(open_page: OpenPage, story: Engine) -> None:
    with browser_of(open_page(is_open=True)) as client:
        engine, recoveries, alerts = (
            client.get(path).text for path in ("/engine", "/recoveries", "/alerts")
        )
    told = {row[0]: row[1] for row in Tables(engine).rows if len(row) == 2}
    (view,) = story.rows("SELECT * FROM health.engine_health")
    assert set(told) >= {name.replace("_", " ") for name in view}
    for name in ("tick_id", "judged_total", "folded_total", "pending_recovery_count", "scheduler"):
        assert told[name.replace("_", " ")] == str(view[name])

    rows = [row[:4] for row in Tables(recoveries).rows]
    history = story.rows("SELECT * FROM health.recovery_history")
    assert history
    for row in history:
        issue = row["issue_type"].replace("_", " ")
        assert [str(row["action_id"]), row["agent_id"], issue, row["state"]] in rows

    text = html.unescape(alerts)
    opened = story.rows("SELECT * FROM health.open_alerts")
    assert opened
    assert f'data-open="{len(opened)}"' in alerts
    for row in opened:
        assert f'id="alert-{row["alert_id"]}"' in alerts
        assert row["summary"] in text


def test_the_chart_of_the_score_is_its_history_up_to_now(
    open_page: OpenPage, story: Engine
) -> None:
    with browser_of(open_page(is_open=True)) as client:
        drawn = series_of(client.get(f"/agents/{AGENT}", params={"hours": "1"}).text)
        assert series_of(client.get(f"/agents/{AGENT}?hours=x").text)["score"]["step"] == 120
    kept = story.row("SELECT * FROM health.score_history WHERE agent_id = %s", AGENT)
    history = drawn["score"]
    assert history["step"] == 60
    assert history["at"][-1] is None
    assert len(history["at"]) >= 3
    parts = [sum(values) for values in zip(*history["parts"].values(), strict=True)]
    assert parts == pytest.approx(history["score"], abs=1e-9)
    assert history["score"][0] == pytest.approx(kept["score"], abs=1e-4)
    now = {row["component"]: row for row in story.rows("SELECT * FROM health.explain(%s)", AGENT)}
    for name, values in history["parts"].items():
        assert values[-1] == now[name]["contribution"]
    assert history["score"][-1] == 20
    assert drawn["limits"] == {"excellent": 80, "good": 70, "fair": 60, "poor": 40}
    kinds = {mark["kind"] for mark in drawn["marks"]}
    assert kinds == {"incident", "transition", "recovery"}
    (episode,) = drawn["strange"]
    assert (episode["low"], episode["high"]) == (10.5, 42.25)


def test_the_cells_are_the_fleet_and_a_version_is_one_state_of_it(
    open_page: OpenPage, engine: Engine
) -> None:
    an_open_alert(engine, "b1")
    an_open_alert(engine, AGENT)
    with browser_of(open_page(is_open=True)) as client:
        squeezed = client.get("/cells", headers={"accept-encoding": "gzip"})
        plain = client.get("/cells", headers={"accept-encoding": "identity"})
        assert squeezed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert squeezed.json() == plain.json()
        assert plain.json()["cells"] == [
            [
                *(
                    row["agent_id"],
                    None if row["agent_name"] == row["agent_id"] else row["agent_name"],
                ),
                *(row["agent_type"] or "", row["policy_class"], row["liveness"], row["status"]),
                *(row["score"] if row["score"] is None else round(row["score"]), row["state"]),
            ]
            for row in engine.rows(
                "SELECT * FROM health.fleet ORDER BY agent_type NULLS FIRST, agent_id"
            )
        ]
        engine.run("DELETE FROM health.agents WHERE agent_id = 'b1'")
        later = client.get("/cells").json()
        assert later["version"] == plain.json()["version"] + 1
        assert [cell[0] for cell in later["cells"]] == [AGENT, "heartbeat_health_agent"]


def test_what_changes_is_told_line_by_line() -> None:
    old = Fleet(1, '["a", 1]\n["b", 1]\n["ü\\"", 1]')
    assert difference(old, Fleet(2, '["a", 2]\n["b", 1]\n["c", 1]')) == (
        ['["a", 2]', '["c", 1]'],
        ['"ü\\""'],
    )
    assert difference(Fleet(), old) == (old.lines.split("\n"), [])
    assert difference(old, Fleet(2, "")) == ([], ['"a"', '"b"', '"ü\\""'])


def test_no_page_has_anything_inline_that_runs(open_page: OpenPage, story: Engine) -> None:
    with browser_of(open_page(is_open=True)) as client:
        for path in (
            "/",
            "/alerts",
            "/recoveries",
            "/executive",
            "/engine",
            "/sign-in",
            "/nothing",
        ):
            assert Tables(client.get(path).text).inline == [], path
        assert Tables(client.get(f"/agents/{AGENT}").text).inline == []
        assert Tables(client.get(f"/agents/{AGENT}/why").text).inline == []
