"""The embedded PostgreSQL 18 that `make run` uses, in a home of the tests' own.

It has no pg_cron. pgTAP is plain SQL: Debian's copy, or the one in the container image, is
shown to it by extension_control_path.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from pathlib import Path

import psutil
from psycopg.conninfo import make_conninfo

from hha import embedded
from servers.base import FAST_SETTINGS, Server, free_port, open_temporary_root, run_checked
from servers.container import copy_pgtap, engine_answers
from servers.debian import pgtap_share_folder


class EmbeddedServer(Server):
    """hha.embedded, exactly as users get it, with durability off."""

    kind = "embedded"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hha-embedded-", dir=open_temporary_root()))
        self.folder.chmod(0o755)
        self._home = self.folder / "home"
        try:
            settings = {"port": str(free_port()), **FAST_SETTINGS}
            share_folder = self._find_pgtap()
            if share_folder is not None:
                settings["extension_control_path"] = f"$system:{share_folder}"
            self._settings = settings
            self._server = embedded.start(self._home, settings=settings)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self.bin_dir: Path = self._server.bin_dir
        self.port = self._server.port

    def _find_pgtap(self) -> Path | None:
        share_folder = pgtap_share_folder()
        if share_folder is None and engine_answers():
            share_folder = self.folder / "share"
            share_folder.mkdir(mode=0o755)
            copy_pgtap(share_folder)
        return share_folder

    @property
    def has_plpgsql_check(self) -> bool:
        """False: Debian's control files can be seen from here, but not its C library."""
        return False

    def dsn(self, dbname: str = "postgres", *, user: str | None = None) -> str:
        return make_conninfo(
            self._server.tcp_dsn, dbname=dbname, **({"user": user} if user else {})
        )

    def run_tool(self, name: str, *arguments: str, dbname: str, stdin: str | None = None) -> str:
        command = [str(self.bin_dir / name), f"--dbname={self.dsn(dbname)}", *arguments]
        return run_checked(command, stdin=stdin).stdout

    def start(self) -> None:
        self._server = embedded.start(self._home, settings=self._settings)

    def stop(self, mode: str = "fast") -> None:
        if mode != "immediate":
            self._server.stop()
            return
        pid = int((self._server.data_dir / "postmaster.pid").read_text().split()[0])
        postmaster = psutil.Process(pid)
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(timeout=60)

    def close(self) -> None:
        embedded.stop(self._home)
        shutil.rmtree(self.folder, ignore_errors=True)
