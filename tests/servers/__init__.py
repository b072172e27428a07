"""PostgreSQL servers for the tests: a container, a private Debian cluster, the embedded one.

``start("auto")`` picks what this machine can do. Every server answers to the same few words
(:class:`servers.base.Server`), so a test never asks which one it is talking to.
``python -m servers --help`` runs a command against one of them.
"""

from __future__ import annotations

from servers.base import Server, ServerUnavailableError
from servers.choice import KINDS, start

__all__ = ["KINDS", "Server", "ServerUnavailableError", "start"]
