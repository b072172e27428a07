"""This machine's side: the bridge's configuration, and who may read the secrets."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from hha.bridge import BridgeConfig, load_config
from hha.diagnosis.finding import Finding
from hha.errors import ConfigurationError

#: Where container engines put what only that container has.
HANDED_OVER = Path("/run/secrets")


def check_config(path: Path) -> tuple[list[Finding], BridgeConfig | None]:
    """A bridge's configuration is valid, its secrets are there, and not everybody may write it."""
    try:
        config = load_config(path)
    except ConfigurationError as error:
        advice = error.hint or "Correct it; hha bridge --check reads it again."
        return [Finding("configuration", "fail", error.message, advice)], None
    fact = f"{config.worker}, {len(config.agents)} agents, {len(config.channels)} channels"
    findings = [Finding("configuration", "ok", fact)]
    if others_may(path, stat.S_IWOTH):
        findings.append(
            Finding(
                "configuration",
                "fail",
                f"anybody on this machine may write {path}, and so run commands as the bridge",
                f"chmod o-w {path}",
            )
        )
    return findings, config


def check_secrets(
    config: BridgeConfig | None, environment: Mapping[str, str] = os.environ
) -> list[Finding]:
    """Files with secrets can be read, and not by everybody."""
    named = {
        variable: Path(value)
        for variable, value in environment.items()
        if value and variable.startswith("HHA_") and variable.endswith("_FILE")
    }
    findings = [
        Finding(
            "secrets",
            "fail",
            f"{variable} names {path}, which cannot be read",
            "Name a file that the account running hha may read.",
        )
        for variable, path in named.items()
        if not os.access(path, os.R_OK)
    ]
    files = sorted({*named.values(), *(config.secret_files if config else ())})
    findings += [
        Finding("secrets", "warn", f"anybody on this machine may read {path}", f"chmod 0400 {path}")
        for path in files
        if HANDED_OVER not in path.parents and others_may(path, stat.S_IROTH)
    ]
    findings += _password_file(environment)
    if findings:
        return findings
    fact = f"{len(files)} files, none open to everybody" if files else "none in files"
    return [Finding("secrets", "ok", fact)]


def _password_file(environment: Mapping[str, str]) -> list[Finding]:
    """libpq passes over a password file that others may read."""
    named = environment.get("PGPASSFILE")
    path = Path(named) if named else Path.home() / ".pgpass"
    if not path.exists():
        if not named:
            return []
        fact = f"PGPASSFILE names {path}, which is not there"
        return [Finding("secrets", "warn", fact, "Make it, or unset the variable.")]
    if path.is_file() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        fact = f"others may read {path}, so libpq does not use it"
        return [Finding("secrets", "warn", fact, f"chmod 0600 {path}")]
    return []


def others_may(path: Path, right: int) -> bool:
    """Whether every account of this machine has a right to a file, and a way to it."""
    try:
        return bool(path.stat().st_mode & right) and all(
            folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents
        )
    except OSError:
        return False
