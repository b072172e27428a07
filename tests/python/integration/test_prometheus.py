"""/metrics and the alert rules, with Prometheus and promtool themselves."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from page_server import page_server
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as open_metrics_families,
)
from prometheus_client.parser import text_string_to_metric_families
from servers.waiting import until

from hha.dashboard.metrics.engine import SCHEDULERS
from hha.dashboard.metrics.work import HOLDS
from hha.dashboard.settings import DashboardSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Engine

FOLDER = Path(__file__).resolve().parents[3] / "integrations" / "prometheus"
TOKEN = "a token of the tests"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def program() -> Callable[[str], str]:
    """Path of a program of the package. Missing it fails where CI is set, else the test is out."""

    def find(name: str) -> str:
        if path := shutil.which(name):
            return path
        sentence = f"{name} is not installed; as root: ci/install_packages.sh prometheus"
        if os.environ.get("CI"):
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)

    return find


@pytest.fixture
def scrape(engine: Engine, login: Callable[..., str]) -> Callable[..., httpx.Response]:
    """Ask for /metrics as Prometheus does; `settings` are the page's."""
    dsn = login(engine.dsn, "health_analyst")

    def ask(accept: str = "text/plain", token: str = TOKEN, **settings: Any) -> httpx.Response:
        chosen = DashboardSettings(
            dsn=dsn, sign_in_dsn=engine.dsn, port=0, metrics_token=TOKEN, **settings
        )
        headers = {"accept": accept, "authorization": f"Bearer {token}"}
        with page_server(chosen) as url:
            return httpx.get(f"{url}/metrics", headers=headers, timeout=30)

    return ask


def samples_of(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def trouble(engine: Engine) -> None:
    """A failed agent, one that is well, one that never spoke; a bridge; messages and recoveries."""
    engine.run("SELECT health.register_agent('quiet')")
    engine.run(
        "INSERT INTO health.agent_heartbeats (agent_id, state) VALUES"
        " ('broken', 'failed'), ('well', 'running')"
    )
    engine.run(
        "SELECT health.bridge_heartbeat('bridge:main', '{\"work_items_processed\": 7,"
        ' "error_count": 2, "memory_usage_mb": 50}\')'
    )
    engine.run("SELECT health.tick()")
    engine.run(
        "INSERT INTO health.channels (channel, kind, is_default) VALUES ('mail', 'email', false)"
    )
    engine.run(
        "INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key,"
        " state, created_at, not_before, finished_at) SELECT 'mail', 'opened', 'critical', 's',"
        " 'b', 'key-' || n, (ARRAY['delivered', 'dead', 'pending'])[n], now() - interval '10 s',"
        " now() - interval '400 s', CASE WHEN n < 3 THEN now() END FROM generate_series(1, 3) AS n"
    )


def test_every_figure_is_that_of_its_view(
    engine: Engine, scrape: Callable[..., httpx.Response]
) -> None:
    trouble(engine)
    answer = scrape()
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = samples_of(answer.text)

    fleet = engine.row("SELECT * FROM health.system_health")
    for liveness in ("alive", "late", "unresponsive", "in_maintenance"):
        assert value(found, "hha_agents", liveness=liveness) == fleet[f"{liveness}_count"]
    assert value(found, "hha_agents", liveness="never_seen") == 1
    for status in ("excellent", "good", "fair", "poor", "critical"):
        assert value(found, "hha_agents_by_status", status=status) == fleet[f"{status}_count"]
    assert value(found, "hha_fleet_score_mean") == pytest.approx(
        float(fleet["system_health_score"]), abs=0.01
    )
    assert value(found, "hha_fleet_score_min") == 20
    assert value(found, "hha_fleet_component_score_mean", component="heartbeat_consistency") == 100

    assert value(found, "hha_open_alerts", severity="critical", acknowledged="false") == 1
    assert value(found, "hha_open_alerts", severity="emergency", acknowledged="true") == 0
    assert value(found, "hha_open_alerts_by_rule", rule="failed") == 1
    assert value(found, "hha_open_alerts_by_rule", rule="unresponsive") == 0

    health = engine.row("SELECT * FROM health.engine_health")
    assert value(found, "hha_engine_judgements_total") == health["judged_total"] > 0
    assert value(found, "hha_engine_folded_rows_total") == health["folded_total"] > 0
    assert value(found, "hha_engine_ticks_total") == 1
    assert value(found, "hha_engine_last_tick_timestamp_seconds") == pytest.approx(
        health["last_tick_at"].timestamp(), abs=0.01
    )
    age = value(found, "hha_database_time_seconds") - value(
        found, "hha_engine_last_tick_timestamp_seconds"
    )
    assert 0 < age < health["seconds_since_tick"]
    assert value(found, "hha_engine_phase_seconds", phase="judge") == pytest.approx(
        health["last_tick_ms"] / 1000
    )
    assert value(found, "hha_engine_failing", phase="tick") == 0
    who = {s: value(found, "hha_engine_scheduler", scheduler=s) for s in SCHEDULERS}
    assert sum(who.values()) == 1
    assert who["pg_cron"] == 0

    for state, number in {"delivered": 1, "dead": 1, "cancelled": 0}.items():
        assert value(found, "hha_deliveries_total", channel="mail", state=state) == number
    assert value(found, "hha_deliveries_waiting", channel="mail") == 1
    assert value(found, "hha_deliveries_overdue_seconds", channel="mail") > 399
    assert value(found, "hha_delivery_mean_seconds", channel="mail") == pytest.approx(10)
    assert value(found, "hha_deliveries_total", channel="console", state="dead") == 0

    (backlog,) = engine.rows("SELECT count(*) FROM health.recovery_backlog")
    open_states = [v for (name, _), v in found.items() if name == "hha_recoveries_in_progress"]
    assert sum(open_states) == backlog["count"]
    assert value(found, "hha_recoveries_finished_total") == 0

    assert value(found, "hha_bridges_up") == value(found, "hha_bridge_up", bridge="main") == 1
    assert value(found, "hha_bridge_work_items_total", bridge="main") == 7
    assert value(found, "hha_bridge_errors_total", bridge="main") == 2
    assert value(found, "hha_bridge_memory_bytes", bridge="main") == 50_000_000
    parts = engine.rows("SELECT part, run_count FROM health.foresight_health WHERE is_enabled")
    assert parts
    for part in parts:
        assert value(found, "hha_foresight_runs_total", part=part["part"]) == part["run_count"]
        assert value(found, "hha_foresight_errors_total", part=part["part"]) == 0


def test_recoveries_are_counted_as_they_end(
    engine: Engine, scrape: Callable[..., httpx.Response]
) -> None:
    trouble(engine)
    engine.run(
        "INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before,"
        " started_at, finished_at) SELECT 'well', 'high_error_rate',"
        " (ARRAY['succeeded', 'succeeded', 'failed', 'escalated'])[n], now() - interval '30 s',"
        " now(), now(), now() FROM generate_series(1, 4) AS n"
    )
    engine.run(
        "INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before,"
        " released_at) VALUES ('quiet', 'high_error_rate', 'pending', now(),"
        " now() - interval '200 s', now())"
    )
    found = samples_of(scrape().text)
    assert value(found, "hha_recoveries_finished_total") == 4
    assert value(found, "hha_recoveries_succeeded_total") == 2
    assert value(found, "hha_recovery_mean_seconds") == pytest.approx(30)
    assert value(found, "hha_recoveries_overdue_seconds") > 199


def test_agents_add_no_series_unless_asked_for(
    engine: Engine, scrape: Callable[..., httpx.Response]
) -> None:
    trouble(engine)
    few = samples_of(scrape().text)
    assert len(few) < 200
    engine.run(
        "INSERT INTO health.agent_heartbeats (agent_id) SELECT 'agent-' || n"
        " FROM generate_series(1, 300) AS n"
    )
    engine.run("SELECT health.tick()")
    many = samples_of(scrape().text)
    assert many.keys() == few.keys()
    assert value(many, "hha_agents", liveness="alive") == (
        value(few, "hha_agents", liveness="alive") + 300
    )
    hostile = 'a\\"b{}é'
    engine.run("SELECT health.register_agent(%s)", f"0{hostile}")
    engine.run("INSERT INTO health.agent_heartbeats (agent_id) VALUES (%s)", f"0{hostile}")
    engine.run("SELECT health.tick()")
    limited = samples_of(scrape(metrics_agent_limit=50).text)
    scores = [labels for name, labels in limited if name == "hha_agent_score"]
    assert len(scores) == 50
    assert value(limited, "hha_agents_without_series") == 306 - 50
    assert value(limited, "hha_agent_score", agent_id=f"0{hostile}") > 0
    everybody = samples_of(scrape(metrics_agent_limit=1000).text)
    assert value(everybody, "hha_agents_without_series") == 0
    assert value(everybody, "hha_agent_score", agent_id="broken") == 20
    assert (
        "hha_agent_info",
        frozenset({"agent_id": "broken", "agent_type": "", "policy_class": "standard"}.items()),
    ) in everybody


def test_an_empty_installation_has_series_already(
    scrape: Callable[..., httpx.Response],
) -> None:
    found = samples_of(scrape().text)
    assert value(found, "hha_engine_ticks_total") == 0
    assert value(found, "hha_bridges_up") == 0
    assert value(found, "hha_open_alerts", severity="emergency", acknowledged="false") == 0
    assert "hha_engine_last_tick_timestamp_seconds" not in {name for name, _ in found}


def test_every_brake_has_a_series_from_the_beginning(engine: Engine) -> None:
    brakes = engine.value(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'hold_is_known'"
    )
    assert set(re.findall(r"'([a-z_]+)'::text", brakes)) == set(HOLDS)


def test_open_metrics_for_those_who_ask(
    engine: Engine, scrape: Callable[..., httpx.Response]
) -> None:
    trouble(engine)
    answer = scrape("application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    names = {family.name for family in open_metrics_families(answer.text)}
    assert {"hha_agents", "hha_deliveries", "hha_build"} <= names


def test_a_wrong_token_sees_nothing(scrape: Callable[..., httpx.Response]) -> None:
    answer = scrape(token="guessed")
    assert answer.status_code == 401
    assert "hha_" not in answer.text


def test_promtool_finds_no_fault_in_the_exposition(
    engine: Engine, scrape: Callable[..., httpx.Response], program: Callable[[str], str]
) -> None:
    promtool = program("promtool")
    trouble(engine)
    text = scrape(metrics_agent_limit=10).text
    helped = set(re.findall(r"^# HELP (\w+) .+\S", text, re.MULTILINE))
    assert helped == set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=text.encode(), capture_output=True
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def the_rules() -> list[dict[str, Any]]:
    content = yaml.safe_load((FOLDER / "hha_rules.yml").read_text(encoding="utf-8"))
    return [rule for group in content["groups"] for rule in group["rules"]]


def test_the_rules_pass_their_own_tests(program: Callable[[str], str]) -> None:
    promtool = program("promtool")
    for arguments in (["check", "rules", "hha_rules.yml"], ["test", "rules", "hha_rules_test.yml"]):
        done = subprocess.run([promtool, *arguments], cwd=FOLDER, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_firing_and_quiet() -> None:
    content = yaml.safe_load((FOLDER / "hha_rules_test.yml").read_text(encoding="utf-8"))
    fires, quiet = set(), set()
    for test in content["tests"]:
        for case in test.get("alert_rule_test", []):
            (fires if case["exp_alerts"] else quiet).add(case["alertname"])
    alerts = {rule["alert"] for rule in the_rules() if "alert" in rule}
    assert alerts == fires == quiet


def test_rules_and_page_speak_of_metrics_that_exist(
    engine: Engine, scrape: Callable[..., httpx.Response]
) -> None:
    trouble(engine)
    engine.run(
        "INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before,"
        " released_at) VALUES ('quiet', 'high_error_rate', 'pending', now(), now(), now())"
    )
    engine.run("UPDATE health_internal.series_cursor SET stepped_until = now()")
    engine.run(
        "INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before,"
        " started_at, finished_at) VALUES ('well', 'high_error_rate', 'succeeded',"
        " now() - interval '30 s', now(), now(), now())"
    )
    samples = samples_of(scrape(metrics_agent_limit=10).text)
    found = {name for name, _ in samples}
    in_rules = {
        name for rule in the_rules() for name in re.findall(r"\bhha_\w+", str(rule["expr"]))
    }
    assert len(in_rules) > 15
    assert in_rules <= found
    page = (FOLDER.parents[1] / "docs" / "integrations.md").read_text(encoding="utf-8")
    in_page = set(re.findall(r"`(hha_\w+)", page)) - {"hha_rules"}
    assert len(in_page) > 30
    # A snapshot held for more than a minute is nothing to wait for.
    assert in_page - found <= {"hha_oldest_snapshot_age_transactions"}


@contextlib.contextmanager
def prometheus(path: str, folder: Path, target: str) -> Iterator[httpx.Client]:
    """Prometheus with the configuration as shipped but for target, token and pace."""
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": "250ms", "evaluation_interval": "250ms"}
    config["rule_files"] = [str(FOLDER / name) for name in config["rule_files"]]
    (job,) = config["scrape_configs"]
    job["static_configs"] = [{"targets": [target.removeprefix("http://")]}]
    (folder / job["authorization"]["credentials_file"]).write_text(TOKEN + "\n", encoding="utf-8")
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    log = folder / "prometheus.log"
    with log.open("wb") as handle:
        process = subprocess.Popen(
            [
                path,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--web.listen-address=127.0.0.1:0",
            ],
            stdout=handle,
            stderr=handle,
        )
    try:
        port = until(
            lambda: re.search(r"address=127\.0\.0\.1:([1-9]\d*)", log.read_text(encoding="utf-8")),
            lambda: f"Prometheus listens\n{log.read_text(encoding='utf-8')}",
        )
        with httpx.Client(base_url=f"http://127.0.0.1:{port[1]}", timeout=30) as client:
            yield client
    finally:
        process.kill()
        process.wait()


def test_prometheus_scrapes_asks_and_fires(
    engine: Engine,
    login: Callable[..., str],
    program: Callable[[str], str],
    tmp_path: Path,
) -> None:
    trouble(engine)
    settings = DashboardSettings(
        dsn=login(engine.dsn, "health_analyst"),
        sign_in_dsn=engine.dsn,
        port=0,
        metrics_token=TOKEN,
    )
    path = program("prometheus")
    with page_server(settings) as url, prometheus(path, tmp_path, url) as client:

        def answer(query: str) -> list[float]:
            data = client.get("/api/v1/query", params={"query": query}).json()["data"]
            return [float(series["value"][1]) for series in data["result"]]

        def firing() -> set[str]:
            alerts = client.get("/api/v1/alerts").json()["data"]["alerts"]
            return {a["labels"]["alertname"] for a in alerts if a["state"] == "firing"}

        def targets() -> str:
            return str(client.get("/api/v1/targets").json())

        until(lambda: answer('up{job="hha"}') == [1], targets, despite=httpx.TransportError)
        scrapes = 'count_over_time(hha_deliveries_total{channel="mail", state="dead"}[5m])'
        until(lambda: (answer(scrapes) or [0])[0] >= 2, targets, despite=httpx.TransportError)
        assert answer('hha_agents{liveness="never_seen"}') == [1]
        assert answer("hha:agents_at_work:sum")[0] >= 2
        kinds = client.get("/api/v1/metadata").json()["data"]
        assert kinds["hha_deliveries"][0]["type"] == "counter"
        assert "HhaDeadLetters" not in firing()
        engine.run(
            "UPDATE health.deliveries SET state = 'dead', finished_at = now()"
            " WHERE state = 'pending' AND channel = 'mail'"
        )
        until(
            lambda: "HhaDeadLetters" in firing(),
            lambda: f"the rule fires: {firing()}",
            despite=httpx.TransportError,
        )
