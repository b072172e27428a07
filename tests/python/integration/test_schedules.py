"""Cron expressions against two oracles: cronsim, and the definition minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import psycopg
import pytest
from cronsim import CronSim, CronSimError
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Whole hours both ways, half an hour, quarters of an hour, a gap over midnight, and none.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Kathmandu",
)
YEAR = 2027
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def connection(server, template_database: str) -> Iterator[psycopg.Connection]:  # type: ignore[no-untyped-def]
    name = "hha_schedules"
    server.create_database(name, template=template_database)
    with psycopg.connect(server.dsn(name), autocommit=True) as opened:
        opened.execute("SET TimeZone TO 'UTC'")
        yield opened
    server.drop_database(name)


def ask(connection: psycopg.Connection, which: str, schedule: str, zone: str, at: datetime):  # type: ignore[no-untyped-def]
    row = connection.execute(
        f"SELECT health_internal.{which}(%s, %s, %s)".encode(), (schedule, zone, at)
    ).fetchone()
    assert row is not None
    return row[0]


def know_the_same(
    connection: psycopg.Connection, zone: str, start: datetime, end: datetime
) -> bool:
    """Whether the server's time zones and Python's agree: each has data of its own age."""
    moments = [
        start + timedelta(hours=n) for n in range(int((end - start) / timedelta(hours=1)) + 1)
    ]
    row = connection.execute(
        "SELECT array_agg(moment AT TIME ZONE %s ORDER BY moment)"
        " FROM unnest(%s::timestamptz[]) AS moment",
        (zone, moments),
    ).fetchone()
    info = ZoneInfo(zone)
    return row is not None and row[0] == [
        moment.astimezone(info).replace(tzinfo=None) for moment in moments
    ]


# --- what to try -------------------------------------------------------------------------------


def field(low: int, high: int, words: str = "") -> st.SearchStrategy[str]:
    names = words.split()
    number = st.integers(low, high).map(str)
    if names:
        number |= st.sampled_from(names)
    # Two ends that differ: cronsim reads 3-3/2 as 3-59/2, its own way.
    pair = st.lists(st.integers(low, high), min_size=2, max_size=2, unique=True).map(sorted)
    span = pair.map(lambda found: f"{found[0]}-{found[1]}")
    step = st.integers(1, high)
    term = (
        number
        | span
        | st.tuples(span, step).map(lambda found: f"{found[0]}/{found[1]}")
        | step.map(lambda found: f"*/{found}")
    )
    return st.just("*") | term | st.lists(term, min_size=2, max_size=3).map(",".join)


MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
DAYS = "SUN MON TUE WED THU FRI SAT"
SCHEDULES = st.tuples(
    field(0, 59), field(0, 23), field(1, 31), field(1, 12, MONTHS), field(0, 7, DAYS)
).map(" ".join)
#: On the day of a change what matters is the time of day.
DAILY = st.tuples(field(0, 59), field(0, 23)).map(lambda found: f"{found[0]} {found[1]} * * *")


def changes(zone: str) -> list[datetime]:
    """The hours of a year in which the zone's clock changes, or New Year where none does."""
    info = ZoneInfo(zone)
    hours = [datetime(YEAR, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(365 * 24)]
    found = [
        hour
        for hour in hours
        if hour.astimezone(info).utcoffset()
        != (hour + timedelta(hours=1)).astimezone(info).utcoffset()
    ]
    return found or hours[:1]


CHANGES = [(zone, hour) for zone in ZONES for hour in changes(zone)]
ANY_TIME = st.integers(0, 20 * 365 * 86400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def is_fixed(schedule: str) -> bool:
    minute, hour = schedule.split()[:2]
    return not minute.startswith("*") and not hour.startswith("*")


# --- the definition ----------------------------------------------------------------------------


def runs_by_definition(schedule: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """Every run of a schedule of times of day in [start, end], found by trying every minute.

    Which times of day it names is asked of cronsim without any zone; what becomes of them is the
    definition in the comment of health_internal.runs_of_day.
    """
    info = ZoneInfo(zone)
    first = start.astimezone(info).replace(tzinfo=None) - timedelta(days=2)
    last = end.astimezone(info).replace(tzinfo=None) + timedelta(days=2)
    walls = set()
    for wall in CronSim(schedule, first):
        if wall > last:
            break
        walls.add(wall)
    runs: set[datetime] = set()
    seen: set[datetime] = set()
    moment = start - timedelta(hours=4)
    before = moment.astimezone(info).replace(tzinfo=None)
    while moment <= end:
        wall = moment.astimezone(info).replace(tzinfo=None)
        skipped = {before + MINUTE * n for n in range(1, int((wall - before) / MINUTE))}
        if is_fixed(schedule):
            if (wall in walls and wall not in seen) or skipped & walls:
                runs.add(moment)
        elif wall in walls:
            runs.add(moment)
        seen.add(wall)
        before = wall
        moment += MINUTE
    return sorted(run for run in runs if start <= run <= end)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DAILY, st.sampled_from(CHANGES))
@example("30 2 * * *", ("Australia/Lord_Howe", changes("Australia/Lord_Howe")[0]))
@example("45 1 * * *", ("Australia/Lord_Howe", changes("Australia/Lord_Howe")[0]))
@example("15 2,3 * * *", ("Pacific/Chatham", changes("Pacific/Chatham")[1]))
@example("0 0 * * *", ("America/Havana", changes("America/Havana")[0]))
@example("0-59 0-23 * * *", ("Europe/Berlin", changes("Europe/Berlin")[0]))
@example("*/7 * * * *", ("Europe/Berlin", changes("Europe/Berlin")[1]))
@example("* 2-3 * * *", ("Europe/Berlin", changes("Europe/Berlin")[0]))
@example("* 2,9 * * *", ("Europe/Berlin", changes("Europe/Berlin")[0]))
def test_the_days_the_clock_changes_follow_the_definition(
    connection: psycopg.Connection, schedule: str, change: tuple[str, datetime]
) -> None:
    zone, hour = change
    start, end = hour - timedelta(hours=4), hour + timedelta(hours=5)
    assume(know_the_same(connection, zone, start - timedelta(days=2), end + timedelta(days=2)))
    expected = runs_by_definition(schedule, zone, start, end)
    rows = connection.execute(
        """
        WITH RECURSIVE runs (run_at) AS (
            SELECT health_internal.next_run_at(
                %(schedule)s, %(zone)s, %(start)s::timestamptz - '1 s'::interval
            )
            UNION ALL
            SELECT health_internal.next_run_at(%(schedule)s, %(zone)s, run_at)
            FROM runs WHERE run_at <= %(end)s
        )
        SELECT
            run_at,
            health_internal.previous_run_at(%(schedule)s, %(zone)s, run_at),
            health_internal.previous_run_at(%(schedule)s, %(zone)s, run_at - interval '1 s')
        FROM runs WHERE run_at <= %(end)s ORDER BY run_at
        """,
        {"schedule": schedule, "zone": zone, "start": start, "end": end},
    ).fetchall()
    assert [row[0] for row in rows] == expected
    assert [row[1] for row in rows] == expected, "a run is its own previous one"
    assert [row[2] for row in rows][1:] == expected[:-1], "backwards as forwards"


# --- cronsim -----------------------------------------------------------------------------------


def next_of_cronsim(schedule: str, zone: str, after: datetime) -> datetime | None:
    """What cronsim says; where it went back in an hour that comes twice, its next word."""
    runs = CronSim(schedule, after.astimezone(ZoneInfo(zone)))
    for run in runs:
        if run.astimezone(UTC) > after:
            return run.astimezone(UTC)
    return None


@settings(max_examples=400, deadline=None)
@given(SCHEDULES, st.sampled_from(ZONES), ANY_TIME)
@example("0 0 29 2 *", "UTC", datetime(2096, 3, 1, tzinfo=UTC))
@example("0 0 29 2 */7", "UTC", datetime(2072, 3, 1, tzinfo=UTC))
@example("0 0 31 * MON", "Europe/Berlin", datetime(2031, 5, 6, 7, tzinfo=UTC))
def test_cronsim_agrees(
    connection: psycopg.Connection, schedule: str, zone: str, after: datetime
) -> None:
    try:
        CronSim(schedule, after)
    except CronSimError:
        with pytest.raises(psycopg.Error) as caught:
            ask(connection, "next_run_at", schedule, zone, after)
        assert caught.value.sqlstate == "JB001"
        return
    expected = next_of_cronsim(schedule, zone, after)
    found = ask(connection, "next_run_at", schedule, zone, after)
    for run in (expected, found):
        day = timedelta(days=1)
        assume(run is None or know_the_same(connection, zone, run - day, run + day))
    assert found == expected
    if found is not None:
        assert ask(connection, "previous_run_at", schedule, zone, found) == found


@settings(max_examples=200, deadline=None)
@given(st.text("0123456789*/,-@ AZ", max_size=20))
def test_what_is_no_schedule_is_refused_with_a_hint(
    connection: psycopg.Connection, text: str
) -> None:
    refusal: psycopg.Error | None = None
    try:
        connection.execute("SELECT health_internal.parse_schedule(%s)", (text,))
    except psycopg.Error as error:
        refusal = error
    if refusal is None:
        CronSim(text.strip(), datetime(2031, 5, 6, tzinfo=UTC))
    else:
        assert refusal.sqlstate == "JB001", refusal
        assert refusal.diag.message_hint
