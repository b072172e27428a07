"""Finds the scripts of a change and takes off their transaction, so that it can be shared.

A script is plain SQL. It begins with BEGIN; and a deploy or revert script ends with COMMIT;, a
verify script with ROLLBACK;. A script that cannot run inside a transaction is one statement.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

from hha.deploy.plan import Change
from hha.errors import PlanError

Kind = Literal["deploy", "revert", "verify"]

_LAST_COMMIT = re.compile(rb"\bCOMMIT\s*;\s*\Z", re.IGNORECASE)
_LAST_ROLLBACK = re.compile(rb"\bROLLBACK\s*;\s*\Z", re.IGNORECASE)
_FIRST_BEGIN = re.compile(rb"\A(?:\s+|--[^\n]*\n|/\*.*?\*/)*(BEGIN\s*;)", re.IGNORECASE | re.DOTALL)


def script_path(migrations: Path, change: Change, kind: Kind) -> Path:
    """Where a script lies; of a reworked change, the copy kept under its tag."""
    if not change.rework_tags:
        return migrations / kind / f"{change.name}.sql"
    kept = [
        migrations / "released" / kind / f"{change.name}{tag}.sql" for tag in change.rework_tags
    ]
    deployed = [
        migrations / "released" / "deploy" / f"{change.name}{tag}.sql" for tag in change.rework_tags
    ]
    return next((path for path, twin in zip(kept, deployed, strict=True) if twin.exists()), kept[0])


def read_script(migrations: Path, change: Change, kind: Kind) -> bytes:
    """The bytes of a script; PlanError when it is missing."""
    path = script_path(migrations, change, kind)
    try:
        return path.read_bytes()
    except OSError as error:
        raise PlanError(f'the {kind} script of "{change}" cannot be read: {error}') from error


def script_hash(migrations: Path, change: Change) -> str:
    """SHA-1 of the deploy script as it lies on disk, as the registry keeps it."""
    return hashlib.sha1(read_script(migrations, change, "deploy")).hexdigest()  # noqa: S324


def without_commit(script: bytes) -> bytes:
    """The script with its transaction left open, so that the registry's rows join it."""
    return _LAST_COMMIT.sub(b"", script)


def without_transaction(script: bytes) -> bytes:
    """A verify script without its BEGIN and ROLLBACK, to run inside another transaction."""
    begin = _FIRST_BEGIN.match(script)
    if begin is None:
        return script
    start, end = begin.span(1)
    return _LAST_ROLLBACK.sub(b"", script[:start] + b" " * (end - start) + script[end:])
