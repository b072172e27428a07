"""Print what pyproject.toml depends on, a line each: dependencies.py [--without NAME] [EXTRA…]."""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path


def main() -> None:
    """Of the file in the current folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", action="append", default=[], metavar="NAME")
    parser.add_argument("extras", nargs="*", metavar="EXTRA")
    options = parser.parse_args()
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    if unknown := [name for name in options.extras if name not in extras]:
        parser.error(f"no such extra: {', '.join(unknown)}; there are {', '.join(extras)}")
    wanted = [*project["dependencies"], *(line for name in options.extras for line in extras[name])]
    for requirement in wanted:
        name = re.match(r"[\w.-]+", requirement)
        if name is None or name[0] not in options.without:
            sys.stdout.write(f"{requirement}\n")


if __name__ == "__main__":
    main()
