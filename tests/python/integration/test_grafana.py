"""The Grafana dashboards: each query, as Grafana would expand it, on a database with a history.

Grafana itself cannot be installed from where the tests install; macros and variables are expanded
here as its PostgreSQL data source does.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import yaml
from recent_history import make_history

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).resolve().parents[3] / "integrations" / "grafana"
BOARDS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((FOLDER / "dashboards").glob("*.json"))
}
PANELS = [
    pytest.param(board, panel, id=f"{board}: {panel['title']}")
    for board, content in BOARDS.items()
    for panel in content["panels"]
]
WIDTH = 24
VARIABLES = {"agent": "shop", "__interval": "5m"}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

# As in Grafana's macro engine: the arguments of a macro end at the first closing bracket.
MACRO = re.compile(r"\$(__[_a-zA-Z0-9]+)\(([^)]*)\)")
VARIABLE = re.compile(r"\$\{(\w+):sqlstring\}|\$(__interval)\b")


def expand(query: str, begin: datetime, end: datetime, **variables: str) -> str:
    """The SQL that Grafana sends: first variables, then macros. What is unknown is an error."""
    values = {**VARIABLES, **variables}

    def of_variable(found: re.Match[str]) -> str:
        if found[2]:
            return values[found[2]]
        return "'" + values[found[1]].replace("'", "''") + "'"

    def of_macro(found: re.Match[str]) -> str:
        arguments = [argument.strip() for argument in found[2].split(",")]
        match found[1], arguments:
            case "__timeFilter", [column]:
                return f"{column} BETWEEN '{begin.isoformat()}' AND '{end.isoformat()}'"
            case "__timeGroup", [column, period]:
                return grouped(column, period)
            case "__timeGroupAlias", [column, period]:
                return f'{grouped(column, period)} AS "time"'
            case _:
                raise AssertionError(f"no such macro: {found[0]}")

    expanded = MACRO.sub(of_macro, VARIABLE.sub(of_variable, query))
    assert "$" not in expanded.replace("'" + values["agent"].replace("'", "''") + "'", "")
    return expanded


def grouped(column: str, period: str) -> str:
    found = re.fullmatch(r"'?(\d+)([smhd])'?", period)
    assert found is not None, period
    seconds = int(found[1]) * SECONDS[found[2]]
    return f"floor(extract(epoch from {column})/{seconds})*{seconds}"


@dataclass
class Asked:
    """An answer: its columns in order and its rows."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def kinds(self, column: str) -> set[type]:
        at = self.columns.index(column)
        return {type(row[at]) for row in self.rows if row[at] is not None}


class Analyst:
    """Asks as Grafana's login does, and may only read."""

    def __init__(self, dsn: str, begin: datetime, end: datetime) -> None:
        self.connection = psycopg.connect(
            dsn, autocommit=True, options="-c default_transaction_read_only=on"
        )
        self.begin, self.end = begin, end

    def ask(self, query: str, **variables: str) -> Asked:
        cursor = self.connection.execute(expand(query, self.begin, self.end, **variables).encode())
        assert cursor.description is not None
        return Asked([column.name for column in cursor.description], cursor.fetchall())


@pytest.fixture(scope="module")
def analyst(server: Any, template_database: str) -> Iterator[Analyst]:
    """One history for all panels: they only read."""
    name = "hha_grafana"
    server.create_database(name, template=template_database)
    owner = psycopg.connect(server.dsn(name), autocommit=True)
    begin, end = make_history(owner)
    owner.execute("DROP ROLE IF EXISTS hha_grafana_login")
    owner.execute(
        "CREATE ROLE hha_grafana_login LOGIN PASSWORD 'of the tests' IN ROLE health_analyst"
    )
    dsn = psycopg.conninfo.make_conninfo(
        server.dsn(name), user="hha_grafana_login", password="of the tests"
    )
    someone = Analyst(dsn, begin, end)
    yield someone
    someone.connection.close()
    owner.execute("DROP ROLE hha_grafana_login")
    owner.close()
    server.drop_database(name)


NUMBERS = {int, float, Decimal}


@pytest.mark.parametrize(("board", "panel"), PANELS)
def test_a_panel_gets_what_it_draws(analyst: Analyst, board: str, panel: dict[str, Any]) -> None:
    (target,) = panel["targets"]
    found = analyst.ask(target["rawSql"])
    assert found.rows, "the history holds nothing for it"
    if target["format"] == "time_series":
        assert found.columns[0] == "time"
        assert found.kinds("time") <= {*NUMBERS, datetime}
        times = [row[0] for row in found.rows]
        assert times == sorted(times)
        values = [name for name in found.columns[1:] if name != "metric"]
        assert values
        assert all(found.kinds(name) <= NUMBERS for name in values)
        assert any(found.kinds(name) for name in values)
        assert "metric" not in found.columns or found.kinds("metric") == {str}
    elif panel["type"] in ("stat", "bargauge"):
        assert len(found.rows) == 1
        is_text = panel["options"]["reduceOptions"]["fields"] == "/.*/"
        assert all(found.kinds(name) <= ({str} if is_text else NUMBERS) for name in found.columns)
    if target["format"] == "table":
        for override in panel["fieldConfig"]["overrides"]:
            assert override["matcher"]["options"] in found.columns


@pytest.mark.parametrize("board", BOARDS)
def test_queries_of_variables_and_annotations_answer(analyst: Analyst, board: str) -> None:
    content = BOARDS[board]
    for variable in content["templating"]["list"]:
        found = analyst.ask(variable["query"])
        assert len(found.columns) == 1
        assert ("shop",) in found.rows
        assert variable["query"] == variable["definition"]
    for annotation in content["annotations"]["list"]:
        if annotation["datasource"]["uid"] == "hha":
            found = analyst.ask(annotation["target"]["rawSql"])
            assert found.columns == ["time", "timeend", "text"]
            assert found.rows


@pytest.mark.parametrize("name", ["o'brien", "'; DROP TABLE health.agents; --", "$$", "nobody"])
def test_any_name_of_an_agent_is_a_value(analyst: Analyst, name: str) -> None:
    for panel in BOARDS["agent"]["panels"]:
        query = panel["targets"][0]["rawSql"]
        if "health.explain" in query:
            with pytest.raises(psycopg.Error, match="is not known"):
                analyst.ask(query, agent=name)
        else:
            assert analyst.ask(query, agent=name).rows == []


def test_dashboards_are_whole_and_refer_to_what_is_provisioned() -> None:
    sources = yaml.safe_load(
        (FOLDER / "provisioning" / "datasources" / "hha.yaml").read_text(encoding="utf-8")
    )
    (source,) = sources["datasources"]
    ours = {"type": source["type"], "uid": source["uid"]}
    providers = yaml.safe_load(
        (FOLDER / "provisioning" / "dashboards" / "hha.yaml").read_text(encoding="utf-8")
    )
    assert providers["providers"][0]["type"] == "file"
    assert "password" in source["secureJsonData"]
    assert all("$__env{" in source[key] for key in ("url", "user"))

    uids = [content["uid"] for content in BOARDS.values()]
    assert len(set(uids)) == len(uids) == 4
    for content in BOARDS.values():
        assert "id" not in content
        places: set[tuple[int, int]] = set()
        numbers = [panel["id"] for panel in content["panels"]]
        assert len(set(numbers)) == len(numbers)
        for panel in content["panels"]:
            assert panel["datasource"] == ours == panel["targets"][0]["datasource"]
            assert panel["title"]
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= WIDTH
            covered = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not covered & places
            places |= covered
            for override in panel["fieldConfig"]["overrides"]:
                for rule in override["properties"]:
                    if rule["id"] == "links":
                        (uid,) = re.findall(r"^/d/([\w-]+)\?", rule["value"][0]["url"])
                        assert uid in uids
