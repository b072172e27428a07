"""Failures predicted: the model trained in the database beside scikit-learn on the same features.

Machines 1 to 49 of the Azure set teach, 50 to 70 test; of C-MAPSS FD001 engines 1 to 70 teach, a
cycle is an hour. History goes in by load_history and COPY, the model comes from
health.train_failure_model, which sees the machines that teach and nothing else. Its features, for
all machines and days, are then read out, scored by its compiled expression and given to
scikit-learn.
The data are not shipped: --data names their folder.
"""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

#: One thread, as a training in the database has; more would wait for each other on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from common import REPOSITORY, Bench, parser, process_seconds, report, running, value
from prediction_data import START, load_azure, load_cmapss, load_drawn, load_week
from prediction_report import (
    BOOTSTRAPS,
    Result,
    goals,
    quality_table,
    speed_table,
    split_table,
    test_table,
    training_table,
)

if TYPE_CHECKING:
    import psycopg

DATABASE = "hha_bench_prediction"
AZURE_END = datetime(2016, 1, 1, 6, tzinfo=UTC)
#: Machines that teach; the others test.
AZURE_TAUGHT, CMAPSS_TAUGHT = 49, 70


def main() -> None:
    """Azure at three horizons, C-MAPSS, and the speed of scoring."""
    options_parser = parser(__doc__ or "")
    options_parser.add_argument(
        "--data",
        type=Path,
        default=REPOSITORY.parent / "shared" / "data",
        help="folder with azure_pdm and cmapss (default: ../shared/data beside the checkout)",
    )
    options = options_parser.parse_args()
    if not (options.data / "azure_pdm" / "telemetry_mean24h.csv").exists():
        print(f"Not measured: no azure_pdm in {options.data}; --data names their folder.")
        return
    horizons = [48] if options.quick else [24, 48, 72]
    results: list[Result] = []
    tests: list[dict[str, Any]] = []
    with running(options) as bench:
        speed = scoring(bench, 5_000 if options.quick else 50_000)
        print(f"{speed['per_cpu_second']:,.0f} agents/s of CPU", flush=True)
        size = full_size(bench, 30 if options.quick else 250)
        print(f"{size['rows']:,} rows: {size['seconds']:.1f} s", flush=True)
        with bench.database(DATABASE), bench.connect(DATABASE) as connection:
            load_azure(connection, options.data / "azure_pdm", range(1, AZURE_TAUGHT + 1))
            models = {hours: train(connection, hours, AZURE_END) for hours in horizons}
            load_azure(connection, options.data / "azure_pdm", range(AZURE_TAUGHT + 1, 71))
            for hours in horizons:
                found, test = compare(
                    connection, f"Azure, {hours} h", models[hours], AZURE_TAUGHT, AZURE_END
                )
                results += found
                tests.append(test)
        if not options.quick:
            with bench.database(DATABASE), bench.connect(DATABASE) as connection:
                path = options.data / "cmapss" / "train_FD001.txt.gz"
                load_cmapss(connection, path, range(1, CMAPSS_TAUGHT + 1))
                model = train(connection, 30, START + timedelta(days=30))
                load_cmapss(connection, path, range(CMAPSS_TAUGHT + 1, 101))
                found, test = compare(
                    connection,
                    "C-MAPSS, 30 cycles",
                    model,
                    CMAPSS_TAUGHT,
                    START + timedelta(days=30),
                )
                results += found
                tests.append(test)
        report(
            options,
            "prediction",
            bench,
            [
                quality_table(results),
                split_table(tests),
                test_table(tests),
                training_table(size),
                speed_table(speed),
            ],
            goals(results, tests, speed, size, is_quick=options.quick),
            {
                "results": [asdict(result) for result in results],
                "tests": tests,
                "speed": speed,
                "training": size,
            },
        )


def train(connection: psycopg.Connection[Any], hours: int, until: datetime) -> dict[str, Any]:
    """Through the public function; the model's row, and what it took."""
    pid = value(connection, "SELECT pg_backend_pid()")
    cpu = process_seconds(pid)
    started = time.perf_counter()
    number = value(
        connection,
        "SELECT health.train_failure_model(make_interval(hours => %s), %s)",
        hours,
        until,
    )
    seconds = time.perf_counter() - started
    cpu = process_seconds(pid) - cpu
    row = connection.execute(
        "SELECT to_jsonb(m.*) FROM health.failure_models AS m WHERE model_id = %s", (number,)
    ).fetchone()
    assert row is not None
    return {**row[0], "hours": hours, "seconds": seconds, "cpu_seconds": cpu}


def compare(
    connection: psycopg.Connection[Any],
    data: str,
    model: dict[str, Any],
    taught: int,
    end: datetime,
) -> tuple[list[Result], dict[str, Any]]:
    """The model and scikit-learn on the machines that test, on its own features."""
    number, hours = model["model_id"], model["hours"]
    features = [
        row[0]
        for row in connection.execute(
            "SELECT feature FROM health_internal.failure_features WHERE model_id = %s ORDER BY 1",
            (number,),
        )
    ]
    connection.execute(
        """
        CREATE FUNCTION pg_temp.rows_of(p_anchor timestamptz, p_first integer, p_model bigint)
        RETURNS TABLE (machine text, k integer, log_odds float8, x real []) LANGUAGE plpgsql AS $$
        BEGIN
            RETURN QUERY EXECUTE (
                SELECT format('SELECT f.agent_id, f.k, %s, ARRAY[%s] FROM (%s) AS f',
                    log_odds_expression,
                    (SELECT string_agg('f' || feature, ', ' ORDER BY feature)
                        FROM health_internal.failure_features WHERE model_id = p_model),
                    health_internal.features_of_steps_sql(p_model))
                FROM health_internal.failure_expressions WHERE model_id = p_model)
            USING p_anchor, (SELECT step FROM health.failure_models WHERE model_id = p_model),
                p_first, 0, 'infinity'::timestamptz, 'infinity'::timestamptz,
                NULL::tstzmultirange;
        END $$
        """
    )
    step = value(
        connection,
        "SELECT date_part('epoch', step) FROM health.failure_models WHERE model_id = %s",
        number,
    )
    anchor = end - timedelta(hours=hours)
    began = value(connection, "SELECT min(received_at) FROM health.performance_metrics")
    first = -int((anchor - began).total_seconds() // step)
    cursor = connection.execute(
        "SELECT machine, k, log_odds, x FROM pg_temp.rows_of(%s, %s, %s) ORDER BY 1, 2",
        (anchor, first, number),
    )
    rows = cursor.fetchall()
    connection.execute("DROP FUNCTION pg_temp.rows_of(timestamptz, integer, bigint)")
    failures: dict[str, list[datetime]] = {}
    for machine, at in connection.execute(
        "SELECT agent_id, received_at FROM health.system_events WHERE event_type = 'failure'"
    ):
        failures.setdefault(machine, []).append(at)

    def fails(machine: str, k: int) -> bool:
        at = anchor + timedelta(seconds=step * k)
        return any(
            at < failed <= at + timedelta(hours=hours) for failed in failures.get(machine, ())
        )

    machines = np.array([int(row[0]) for row in rows])
    labels = np.array([fails(row[0], row[1]) for row in rows], dtype=int)
    scores = np.array([row[2] for row in rows])
    inputs = np.array([row[3] for row in rows], dtype=float)
    teaches = machines <= taught
    found = [
        judge(data, "in the database", machines, labels, scores, ~teaches, model["seconds"]),
    ]
    for method, estimator in estimators().items():
        started = time.perf_counter()
        estimator.fit(clean(inputs[teaches], method), labels[teaches])
        seconds = time.perf_counter() - started
        guesses = estimator.predict_proba(clean(inputs, method))[:, 1]
        found.append(judge(data, method, machines, labels, guesses, ~teaches, seconds))
    for result in found:
        print(f"{data}: {result.method}: AUC {result.auc:.4f}, {result.recall_2:.3f}", flush=True)
    own = {entry["method"]: entry for entry in model["comparison"]}
    return found, {
        "data": data,
        "verdict": model["verdict"],
        "rows": model["row_count"],
        "features": len(features),
        "trees": model["tree_count"],
        "auc": model["auc"],
        "recall_2": model["recall_2"],
        "trivial_auc": model["trivial_auc"],
        "logistic_auc": own["logistic"]["auc"],
        "random_agents_auc": cross_validated(machines[teaches], inputs[teaches], labels[teaches]),
        "splits": other_splits(machines, inputs, labels),
        "seconds": model["seconds"],
        "cpu_seconds": model["cpu_seconds"],
    }


def estimators() -> dict[str, Any]:
    """What scikit-learn offers, at settings of the same shape and at its defaults."""
    return {
        "HistGradientBoosting": HistGradientBoostingClassifier(random_state=0),
        "HistGradientBoosting, 100 x depth 4": HistGradientBoostingClassifier(
            max_iter=100, max_depth=4, early_stopping=False, random_state=0
        ),
        "LogisticRegression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
    }


def clean(inputs: Any, method: str) -> Any:
    """Trees take gaps as they are, the regression as 0."""
    return np.nan_to_num(inputs, nan=0.0) if method == "LogisticRegression" else inputs


def cross_validated(machines: Any, inputs: Any, labels: Any) -> float:
    """AUC of three folds of random machines: what a test without later time would say."""
    guesses = np.zeros(len(labels))
    for fold in range(3):
        held = machines % 3 == fold
        model = HistGradientBoostingClassifier(random_state=0).fit(inputs[~held], labels[~held])
        guesses[held] = model.predict_proba(inputs[held])[:, 1]
    return float(roc_auc_score(labels, guesses))


def other_splits(machines: Any, inputs: Any, labels: Any) -> list[tuple[float, float]]:
    """AUC and recall at 2 % of a fifth of the machines, taught by the rest, for ten such fifths."""
    found = []
    for deal in range(2):
        dealt = np.random.default_rng(deal).permutation(np.unique(machines))
        for fold in range(5):
            held = np.isin(machines, dealt[fold::5])
            model = estimators()["HistGradientBoosting, 100 x depth 4"]
            model.fit(inputs[~held], labels[~held])
            guesses = model.predict_proba(inputs[held])[:, 1]
            found.append(
                (
                    float(roc_auc_score(labels[held], guesses)),
                    recall_at(labels[held], guesses, 0.02),
                )
            )
    return found


def recall_at(labels: Any, scores: Any, share: float) -> float:
    """Recall at a false positive rate of at most ``share``, equal scores together."""
    order = np.argsort(-scores, kind="stable")
    labels, scores = labels[order], scores[order]
    hits = np.cumsum(labels) / labels.sum()
    false = np.cumsum(1 - labels) / (1 - labels).sum()
    allowed = np.r_[scores[1:] != scores[:-1], True] & (false <= share)
    return float(hits[allowed].max()) if allowed.any() else 0.0


def judge(
    data: str, method: str, machines: Any, labels: Any, scores: Any, tests: Any, seconds: float
) -> Result:
    """Figures on the machines that test; intervals by drawing machines."""
    machines, labels, scores = machines[tests], labels[tests], scores[tests]
    places = {machine: np.flatnonzero(machines == machine) for machine in np.unique(machines)}
    names = list(places)
    draw = np.random.default_rng(0)
    drawn = []
    for _ in range(BOOTSTRAPS):
        rows = np.concatenate([places[names[i]] for i in draw.integers(0, len(names), len(names))])
        drawn.append(
            (recall_at(labels[rows], scores[rows], 0.02), roc_auc_score(labels[rows], scores[rows]))
        )
    low, high = np.percentile(np.array(drawn), [2.5, 97.5], axis=0)
    return Result(
        data,
        method,
        float(roc_auc_score(labels, scores)),
        recall_at(labels, scores, 0.01),
        recall_at(labels, scores, 0.02),
        float(low[0]),
        float(high[0]),
        float(low[1]),
        float(high[1]),
        seconds,
    )


def scoring(bench: Bench, agents: int) -> dict[str, Any]:
    """Features and scores of many agents as of one moment: a week of four daily metrics each."""
    with bench.database(DATABASE), bench.connect(DATABASE) as connection:
        connection.execute(
            "SELECT health.load_history(%s, %s)", (START, START + timedelta(days=60))
        )
        load_week(connection, range(1, 201), range(1, 41))
        number = value(
            connection,
            "SELECT health.train_failure_model('24 hours', %s, '1 day')",
            START + timedelta(days=40),
        )
        load_week(connection, range(201, agents + 1), range(33, 41))
        pid = value(connection, "SELECT pg_backend_pid()")
        best = cpu = float("inf")
        count = 0
        for _ in range(3):
            started, used = time.perf_counter(), process_seconds(pid)
            count = value(
                connection,
                "SELECT count(*) FROM health_internal.score_agents(%s, %s, 0)",
                number,
                START + timedelta(days=40),
            )
            best = min(best, time.perf_counter() - started)
            cpu = min(cpu, process_seconds(pid) - used)
        return {
            "agents": count,
            "values": 28 * count,
            "seconds": best,
            "per_second": count / best,
            "cpu_seconds": cpu,
            "per_cpu_second": count / cpu,
        }


def full_size(bench: Bench, agents: int) -> dict[str, Any]:
    """One training of 100 rows an agent and 60 features, of which all trees are grown."""
    with bench.database(DATABASE), bench.connect(DATABASE) as connection:
        end = load_drawn(connection, agents=agents, days=112, metrics=12)
        pid = value(connection, "SELECT pg_backend_pid()")
        started, used = time.perf_counter(), process_seconds(pid)
        number = value(
            connection,
            "SELECT health.train_failure_model('48 hours', %s, '1 day', %s, 60, %s)",
            end,
            100 * agents,
            '{"patience": 100}',
        )
        seconds, cpu = time.perf_counter() - started, process_seconds(pid) - used
        row = connection.execute(
            """
            SELECT row_count, (parameters ->> 'max_features')::integer,
                jsonb_array_length(parameters -> 'validation_losses') - 1
            FROM health.failure_models WHERE model_id = %s
            """,
            (number,),
        ).fetchone()
        assert row is not None
        return {
            "rows": row[0],
            "features": row[1],
            "trees": row[2],
            "seconds": seconds,
            "cpu_seconds": cpu,
        }


if __name__ == "__main__":
    main()
