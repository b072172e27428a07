"""Run a command against a test server: PG* and HHA_DSN point to it.

PYTHONPATH=tests python -m servers --server debian --deploy -- psql
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from psycopg.conninfo import conninfo_to_dict

from servers import KINDS, ServerUnavailableError, start
from servers.tap import install_pgtap

DATABASE = "hha"


def main() -> int:
    """Start, optionally deploy, run the command, clean up; the command's exit code."""
    parser = argparse.ArgumentParser(prog="python -m servers", description=__doc__)
    parser.add_argument("--server", choices=KINDS, default="auto")
    parser.add_argument("--deploy", action="store_true", help="deploy the schema first")
    parser.add_argument("--pgtap", action="store_true", help="create pgTAP in the schema tap")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    try:
        server = start(options.server)
    except ServerUnavailableError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        server.drop_database(DATABASE)
        server.create_database(DATABASE)
        dsn = server.dsn(DATABASE)
        if options.deploy:
            from hha.deploy import deploy

            deploy(dsn)
        if options.pgtap:
            with server.connect(DATABASE) as connection:
                install_pgtap(connection)
        names = {"dbname": "PGDATABASE", "passfile": "PGPASSFILE"}
        environment = dict(os.environ, HHA_DSN=dsn)
        for key, value in conninfo_to_dict(dsn).items():
            if value is not None:
                environment[names.get(key, f"PG{key.upper()}")] = str(value)
        if options.pgtap:
            environment["PGOPTIONS"] = "-c search_path=tap,public"
        return subprocess.run(options.command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 130
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main())
