"""The engine as the tests of the database drive it: beats at given times, ticks at given times."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.datetime import TimestamptzLoader

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bridge_site import AGENT_ID, Site
from dashboard_site import chromium, open_page  # noqa: F401  fixtures
from webhook_receiver import Receiver, webhook_receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

sys.path.insert(0, str(Path(__file__).resolve().parent))  # receivers

#: Second 0 of every test that passes its times. Far from the clock, so that mixing them shows.
START = datetime(2031, 5, 6, 7, 0, 0, tzinfo=UTC)


class InfiniteTimeLoader(TimestamptzLoader):
    """Read the time infinity, which Python does not know, as None."""

    def load(self, data: Any) -> Any:
        """Text as PostgreSQL sends it."""
        return None if bytes(data) == b"infinity" else super().load(data)


def at(seconds: float) -> datetime:
    """A time of the test, by seconds since its start."""
    return START + timedelta(seconds=seconds)


@dataclass(slots=True)
class Engine:
    """A deployed database; ``connection`` is the superuser's, autocommit, rows as dictionaries."""

    dsn: str
    connection: psycopg.Connection[dict[str, Any]]
    _others: list[psycopg.Connection[Any]] = field(default_factory=list)

    def connect(self, *, autocommit: bool = True, **options: Any) -> psycopg.Connection[Any]:
        """A further connection, closed with the engine."""
        connection = psycopg.connect(
            self.dsn, autocommit=autocommit, row_factory=dict_row, **options
        )
        self._others.append(connection)
        return connection

    def rows(self, query: LiteralString, *parameters: object) -> list[dict[str, Any]]:
        """Every row of a query."""
        return self.connection.execute(query, parameters or None).fetchall()

    def row(self, query: LiteralString, *parameters: object) -> dict[str, Any]:
        """The one row of a query."""
        (found,) = self.rows(query, *parameters)
        return found

    def value(self, query: LiteralString, *parameters: object) -> Any:
        """The one value of a query."""
        (found,) = self.row(query, *parameters).values()
        return found

    def run(self, query: LiteralString, *parameters: object) -> None:
        """A statement whose result does not matter."""
        self.connection.execute(query, parameters or None)

    def tick(
        self,
        seconds: float | None,
        *,
        is_replay: bool = True,
        by: psycopg.Connection[Any] | None = None,
    ) -> dict[str, Any]:
        """One tick at a second of the test, or by the clock (None)."""
        connection = by or self.connection
        cursor = connection.execute(
            "SELECT * FROM health.tick(coalesce(%s, clock_timestamp()), %s)",
            (None if seconds is None else at(seconds), is_replay),
        )
        found = cursor.fetchone()
        assert found is not None
        return dict(found)

    def beat(
        self,
        agent_id: str,
        *seconds: float,
        by: psycopg.Connection[Any] | None = None,
        into: str = "agent_heartbeats",
        **columns: object,
    ) -> None:
        """One heartbeat per given second of the test, each with the same columns."""
        names = ["agent_id", "received_at", *columns]
        query = sql.SQL("INSERT INTO health.{} ({}) VALUES ({})").format(
            sql.Identifier(into),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(sql.Placeholder() * len(names)),
        )
        with (by or self.connection).cursor() as cursor:
            cursor.executemany(
                query, [(agent_id, at(second), *columns.values()) for second in seconds]
            )

    def register(self, agent_id: str, interval_seconds: float = 10, **columns: object) -> None:
        """An agent with its expected interval; further columns of agents by name."""
        names = ["agent_id", "agent_name", "expected_interval", *columns]
        query = sql.SQL("INSERT INTO health.agents ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(sql.Placeholder() * len(names)),
        )
        values = (agent_id, agent_id, timedelta(seconds=interval_seconds), *columns.values())
        self.connection.execute(query, values)

    def status(self, agent_id: str) -> dict[str, Any]:
        """The agent's row of agent_status."""
        return self.row("SELECT * FROM health.agent_status WHERE agent_id = %s", agent_id)

    def open_rules(self, agent_id: str) -> set[str]:
        """Rules with an open alert for the agent."""
        query: LiteralString = "SELECT rule FROM health.open_alerts WHERE agent_id = %s"
        return {row["rule"] for row in self.rows(query, agent_id)}

    def close(self) -> None:
        """Close every connection; those of a crashed server are closed already."""
        for connection in (*self._others, self.connection):
            with contextlib.suppress(psycopg.Error):
                connection.close()


@pytest.fixture
def open_engine() -> Iterator[Callable[[str], Engine]]:
    """Call it with a DSN for the engine in that database; closed after the test."""
    opened: list[Engine] = []

    def connect(dsn: str) -> Engine:
        connection = psycopg.connect(dsn, autocommit=True, row_factory=dict_row)
        connection.adapters.register_loader("timestamptz", InfiniteTimeLoader)
        opened.append(Engine(dsn, connection))
        return opened[-1]

    yield connect
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(deployed_database: str, open_engine: Callable[[str], Engine]) -> Engine:
    """The engine in a fresh clone."""
    return open_engine(deployed_database)


@pytest.fixture
def site(deployed_database: str, login: Callable[..., str], tmp_path: Path) -> Iterator[Site]:
    """A place for bridges; they and the agent they run end with the test."""
    site = Site(
        tmp_path,
        deployed_database,
        bridge_dsn=login(deployed_database, "health_bridge"),
        agent_dsn=login(deployed_database, "health_agent", agents=[AGENT_ID]),
    )
    yield site
    site.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    with webhook_receiver() as box:
        yield box


@pytest.fixture
def hook(site: Site, receiver: Receiver) -> Receiver:
    """A receiver that the database knows as the channel 'hook'."""
    site.run(
        "INSERT INTO health.channels (channel, kind, minimum_severity)"
        " VALUES ('hook', 'webhook', 'emergency')"
    )
    site.configure(
        agents=False,
        more=f'[channels.hook]\nkind = "webhook"\nurl = "{receiver.url}"\n'
        'secret_env = "HOOK_SECRET"\n',
    )
    return receiver
