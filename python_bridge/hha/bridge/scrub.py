"""Makes what other programs printed fit for a log line: short, on one line, without secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from hha.bridge.section import names_a_secret

_SHOWN_CHARACTERS = 300
_SHORTEST_SECRET = 4
_HIDDEN = "***"
_IN_URL = re.compile(r"(://)[^/\s@]+@")
_NAMED = re.compile(
    r"""((?:secret|password|passwd|token|credentials?|api[_-]?key|private[_-]?key)["']?\s*[=:]\s*)"""
    r"""("[^"]*"|'[^']*'|\S+)""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE)


def tail_of(output: bytes, environment: Mapping[str, str] = os.environ) -> str:
    """The last 300 characters of an output, with values that look or are known as secrets hidden.

    Known are the values of the environment's variables that are named like secrets.
    """
    text = output.decode("utf-8", errors="replace")
    secrets = {
        value
        for name, value in environment.items()
        if names_a_secret(name) and len(value) >= _SHORTEST_SECRET
    }
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    text = _IN_URL.sub(rf"\1{_HIDDEN}@", text)
    text = _NAMED.sub(rf"\1{_HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {_HIDDEN}", text)
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _SHOWN_CHARACTERS else f"…{line[-_SHOWN_CHARACTERS:]}"
