"""The engine ticked by pg_cron itself: each second from 1.5 on, by a job of a minute before."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from servers.base import CRON_DATABASE
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers import Server

#: pg_cron 1.4 begins with the next full minute.
PATIENCE_SECONDS = 100.0


class Watcher:
    """Eyes on one database."""

    def __init__(self, dsn: str, cron: Watcher | None = None) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True, row_factory=dict_row)
        self._cron = cron or self

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return self._connection.execute(query.encode(), values).fetchall()

    def engine(self) -> dict[str, Any]:
        (row,) = self.rows("SELECT * FROM health.engine_health")
        return row

    def bridge_ticks(self) -> list[int]:
        """How often the bridge had ticked at each of its heartbeats."""
        rows = self.rows(
            "SELECT attributes ->> 'ticks' AS ticks FROM health.agent_heartbeats"
            " WHERE agent_id = 'bridge:main' AND attributes ? 'ticks' ORDER BY received_at"
        )
        return [int(row["ticks"]) for row in rows]

    def until(self, condition: Callable[[], object], what: str) -> None:
        until(
            condition,
            lambda: f"{what}\n{self.engine()}\n{self.runs()}",
            seconds=PATIENCE_SECONDS,
        )

    def runs(self) -> list[dict[str, Any]]:
        return self._cron.rows(
            "SELECT command, status, return_message FROM cron.job_run_details"
            " ORDER BY runid DESC LIMIT 5"
        )

    def wait_for_ticks(self, count: int = 3) -> None:
        first = self.engine()["tick_id"]
        self.until(lambda: self.engine()["tick_id"] >= first + count, "pg_cron ticks")


def test_pg_cron_ticks_and_a_bridge_only_on_a_bell(
    cron_database: str, login: Callable[..., str], tmp_path: Path
) -> None:
    watcher = Watcher(cron_database)
    watcher.wait_for_ticks()
    engine = watcher.engine()
    assert engine["scheduler"] == "pg_cron"
    assert not engine["is_tick_due"]
    assert engine["last_error"] is None

    (tmp_path / "bridge.toml").write_text("")
    bridge = subprocess.Popen(
        [
            *(sys.executable, "-c", "from hha.cli import main; main()", "bridge"),
            *("--config", str(tmp_path / "bridge.toml")),
        ],
        env={**os.environ, "HHA_DSN": login(cron_database, "health_bridge")},
    )
    try:
        # The first bell is the bridge's own, when it begins to listen.
        watcher.until(lambda: len(watcher.bridge_ticks()) >= 2, "the bridge beats twice")
        ticks = watcher.bridge_ticks()
        # By itself it would make ten; a pg_cron that is held up for three periods is helped out.
        assert ticks[-1] < 6, "the bridge leaves ticking to pg_cron"
        watcher.rows("SELECT pg_notify('health_wakeup', '')")
        watcher.until(lambda: watcher.bridge_ticks()[-1] > ticks[-1], "a bell makes it tick")
    finally:
        bridge.terminate()
        assert bridge.wait(PATIENCE_SECONDS) == 0


def test_pg_cron_evaluates_rules_as_a_login_that_may_become_nobody_else(
    cron_database: str,
) -> None:
    watcher = Watcher(cron_database)
    connection = psycopg.connect(cron_database, autocommit=True)
    connection.execute("SELECT health.register_agent('worker')")
    connection.execute("CREATE SCHEMA ops; GRANT USAGE ON SCHEMA ops TO health_rules")
    connection.execute(
        "CREATE VIEW ops.who AS"
        " SELECT 'worker'::text AS agent_id, session_user::text || ' ' ||"
        " current_setting('statement_timeout') AS summary"
    )
    connection.execute(
        "CREATE VIEW ops.sleeps AS SELECT 'worker'::text AS agent_id, pg_sleep(30)::text AS summary"
    )
    connection.execute("GRANT SELECT ON ops.who, ops.sleeps TO health_rules")
    connection.execute("SELECT health.add_alert_rule('who', 'ops.who')")
    connection.execute("SELECT health.add_alert_rule('sleeps', 'ops.sleeps')")
    connection.close()
    query = "SELECT summary FROM health.rule_findings WHERE rule = 'who'"
    watcher.until(lambda: watcher.rows(query), "pg_cron evaluates the rule")
    assert watcher.rows(query) == [{"summary": "health_rules_runner 500ms"}]
    watcher.until(
        lambda: watcher.rows(
            "SELECT FROM health.alert_rules WHERE rule = 'sleeps' AND last_error IS NOT NULL"
        ),
        "the time-out ends the rule that sleeps",
    )


def test_pg_cron_of_another_database_ticks_by_schedule_sql(
    server: Server, cron_database: str, deployed_database: str
) -> None:
    cron = Watcher(cron_database)
    watcher = Watcher(deployed_database, cron)
    (row,) = cron.rows("SELECT extversion FROM pg_extension WHERE extname = 'pg_cron'")
    assert watcher.engine()["scheduler"] == "none"
    statements = watcher.rows(
        "SELECT statement FROM health.schedule_sql(%s) AS statement", row["extversion"]
    )
    with server.connect(CRON_DATABASE) as connection:
        for item in statements:
            connection.execute(item["statement"].encode())
        try:
            watcher.wait_for_ticks()
            assert watcher.engine()["scheduler"] == "pg_cron"
        finally:
            name = watcher.rows("SELECT current_database() AS name")[0]["name"]
            connection.execute(
                sql.SQL("SELECT cron.unschedule(jobid) FROM cron.job WHERE database = {}").format(
                    name
                )
            )


def test_the_jobs_are_gone_after_a_revert(cron_database: str) -> None:
    from hha.deploy import deploy, revert

    watcher = Watcher(cron_database)
    names = {row["jobname"] for row in watcher.rows("SELECT jobname FROM cron.job")}
    assert names == {
        f"health_tick_{CRON_DATABASE}",
        f"health_housekeeping_{CRON_DATABASE}",
        f"health_foresight_{CRON_DATABASE}",
        f"health_retraining_{CRON_DATABASE}",
        f"health_rollups_{CRON_DATABASE}",
        f"health_rules_{CRON_DATABASE}",
        "health_cron_history",
    }
    revert(cron_database)
    assert watcher.rows("SELECT jobname FROM cron.job") == []
    assert deploy(cron_database)
    assert len(watcher.rows("SELECT jobname FROM cron.job")) == len(names)
