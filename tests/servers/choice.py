"""Which server to use when nobody says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from servers.base import Server, ServerUnavailableError
from servers.container import ContainerServer, engine_answers
from servers.debian import DebianServer, installed_version

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("auto", "container", "debian", "embedded")


def _embedded() -> Server:
    # The one kind that needs the package itself; the others start without it.
    from servers.embedded import EmbeddedServer

    return EmbeddedServer()


def start(kind: str = "auto") -> Server:
    """Start a server of a kind; ServerUnavailableError says in one sentence why it cannot be."""
    if kind == "auto":
        if engine_answers():
            kind = "container"
        elif installed_version() is not None:
            kind = "debian"
        else:
            message = (
                "The tests need PostgreSQL: start a Docker engine, "
                "or install Debian's packages (as root: ci/install_packages.sh server)."
            )
            raise ServerUnavailableError(message)
    starters: dict[str, Callable[[], Server]] = {
        "container": ContainerServer,
        "debian": DebianServer,
        "embedded": _embedded,
    }
    return starters[kind]()
