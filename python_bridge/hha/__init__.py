"""HeartbeatHealthAgent: PostgreSQL is the monitor, this package is its hands.

>>> from hha import BaseAgent, SharedState

`BaseAgent` is what an agent written in Python derives from; `SharedState` is the thin client
behind it: each of its methods is one call of a `health` function or one SELECT of a view.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hha.agent import BaseAgent
    from hha.shared_state import SharedState

__all__ = ["BaseAgent", "SharedState", "__version__"]
__version__ = "0.1.0"

_HOME_OF = {"BaseAgent": "hha.agent", "SharedState": "hha.shared_state"}


def __getattr__(name: str) -> Any:
    """Import the two public classes when they are first asked for: `hha --help` stays quick."""
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
