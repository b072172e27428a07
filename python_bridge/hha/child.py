"""Runs an ``hha`` command as a child that ends when its parent ends, however that happens.

``python -m hha.child bridge …`` is ``hha bridge …``, except that on Linux the kernel sends it
SIGTERM when the process that started it is gone, kill -9 included.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PARENT_VARIABLE = "HHA_PARENT_PID"
_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel for SIGTERM at the parent's death; leave at once if it is dead already."""
    expected = os.environ.pop(PARENT_VARIABLE, None)
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if expected is not None and os.getppid() != int(expected):
        sys.exit(0)


def main() -> None:
    """Tie this process to its parent, then be ``hha``."""
    end_with_parent()
    from hha.cli import main as run

    run()


if __name__ == "__main__":
    main()
