"""A private cluster from Debian's PostgreSQL packages in a temporary folder.

Started as root it runs as the packages' user "postgres", because PostgreSQL refuses root;
otherwise it runs as whoever runs the tests. The machine's own clusters are not touched.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any

from servers.base import (
    CRON_DATABASE,
    FAST_SETTINGS,
    Server,
    ServerUnavailableError,
    free_port,
    open_temporary_root,
    run_checked,
)

PACKAGES_ROOT = Path("/usr/lib/postgresql")
SHARE_ROOT = Path("/usr/share/postgresql")
SUPPORTED_VERSIONS = range(15, 19)


def installed_version() -> int | None:
    """The lowest supported PostgreSQL on this machine that has pgTAP, or None."""
    for version in SUPPORTED_VERSIONS:
        has_server = (PACKAGES_ROOT / str(version) / "bin" / "initdb").exists()
        if has_server and pgtap_share_folder(version) is not None:
            return version
    return None


def pgtap_share_folder(version: int | None = None) -> Path | None:
    """A share folder that holds extension/pgtap.control, of one version or of any."""
    versions = SUPPORTED_VERSIONS if version is None else [version]
    for candidate in (SHARE_ROOT / str(number) for number in versions):
        if (candidate / "extension" / "pgtap.control").exists():
            return candidate
    return None


class DebianServer(Server):
    """initdb, pg_ctl start; stopped and removed by close()."""

    kind = "debian"

    def __init__(self) -> None:
        version = installed_version()
        if version is None:
            message = (
                "Debian's PostgreSQL with pgTAP is not installed; "
                "as root: ci/install_packages.sh server"
            )
            raise ServerUnavailableError(message)
        self.bin_dir: Path = PACKAGES_ROOT / str(version) / "bin"
        self.has_pg_cron = (SHARE_ROOT / str(version) / "extension/pg_cron.control").exists()
        self.folder = Path(tempfile.mkdtemp(prefix="hha-debian-", dir=open_temporary_root()))
        self.data_dir = self.folder / "data"
        self.port = free_port()
        self._password = secrets.token_urlsafe(16)
        self._identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            self._identity = {"user": "postgres", "group": "postgres", "extra_groups": []}
        try:
            self._create_cluster()
            self.start()
            self.create_database(CRON_DATABASE)
        except BaseException:
            self.close()
            raise

    def run_tool(self, name: str, *arguments: str, dbname: str, stdin: str | None = None) -> str:
        command = [str(self.bin_dir / name), f"--dbname={self.dsn(dbname)}", *arguments]
        return run_checked(command, stdin=stdin).stdout

    def start(self) -> None:
        self._pg_ctl("start", "-t", "60", "-l", str(self.folder / "log"))

    def stop(self, mode: str = "fast") -> None:
        self._pg_ctl("stop", "-t", "60", "-m", mode)

    def close(self) -> None:
        if (self.data_dir / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _create_cluster(self) -> None:
        password_file = self.folder / "password"
        password_file.write_text(self._password + "\n", encoding="utf-8")
        password_file.chmod(0o644)  # inside a folder that only its owner can enter
        options = ["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        options += ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password_file}"]
        self._run("initdb", "--pgdata", str(self.data_dir), *options)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            **FAST_SETTINGS,
        }
        if self.has_pg_cron:
            settings |= {
                "shared_preload_libraries": "pg_cron",
                "cron.database_name": CRON_DATABASE,
                "cron.use_background_workers": "on",
                "max_worker_processes": "20",
            }
        with (self.data_dir / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def _pg_ctl(self, action: str, *arguments: str) -> None:
        self._run("pg_ctl", action, "-w", "-D", str(self.data_dir), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        # From "/": the checkout may be a folder that the server's user cannot enter.
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        command = [str(self.bin_dir / program), *arguments]
        run_checked(command, cwd="/", env=environment, **self._identity)
