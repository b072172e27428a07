"""Secrets of this process: from a variable, or from a file that a variable names.

Files are what service managers hand over: systemd's credentials, the secrets of containers.
"""

from __future__ import annotations

import os
from pathlib import Path

from hha.errors import ConfigurationError


def read_secret(variable: str) -> str | None:
    """What `variable` holds, or the file that `variable`_FILE names; None when neither is set.

    White space around it is not part of a secret. Raises ConfigurationError when both are set, or
    when the file cannot be read or is empty.
    """
    from_file = f"{variable}_FILE"
    value, path = os.environ.get(variable), os.environ.get(from_file)
    if not path:
        return value or None
    if value:
        raise ConfigurationError(f"give either {variable} or {from_file}, not both")
    return read_secret_file(Path(path), from_file)


def read_secret_file(path: Path, origin: str) -> str:
    """The content of a file with one secret; `origin` says in errors who named it."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as reason:
        raise ConfigurationError(
            f"{origin} names {path}, which cannot be read: {reason}",
            hint="Let the account that runs hha read it, and nobody else: chmod 0400.",
        ) from None
    if not secret:
        raise ConfigurationError(f"{origin} names {path}, which is empty")
    return secret
