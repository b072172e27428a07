"""psql on the database that `hha` would use: HHA_DSN, PG*, else the embedded server."""

from __future__ import annotations

import os
import shutil
import sys
from typing import NoReturn

from hha.connection import resolve_target
from hha.errors import HhaError


def main() -> NoReturn:
    """Become psql; the embedded server's own if this machine has none."""
    try:
        target = resolve_target()
    except HhaError as error:
        sys.exit(f"{error}")
    program = shutil.which("psql")
    if target.server is not None:
        program = str(target.server.bin_dir / "psql")
    if program is None:
        sys.exit("psql is not installed: apt-get install postgresql-client")
    os.execv(program, [program, target.dsn, *sys.argv[1:]])  # noqa: S606 - no shell wanted


if __name__ == "__main__":
    main()
