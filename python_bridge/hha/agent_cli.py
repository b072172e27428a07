"""Runs one agent as a process: command line, logging, signals, and its life to the end."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hha.errors import HhaError
from hha.shared_state import SharedState

if TYPE_CHECKING:
    from hha.agent import BaseAgent


def positive_seconds(text: str) -> float:
    """A number above 0, for argparse."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def build_parser(agent_class: type[BaseAgent], defaults: dict[str, Any]) -> argparse.ArgumentParser:
    """The options that every agent has, and those that its class adds."""
    parser = argparse.ArgumentParser(
        description=(agent_class.__doc__ or agent_class.__name__).strip().splitlines()[0],
        argument_default=argparse.SUPPRESS,
    )
    add = parser.add_argument
    add("--agent-id", required="agent_id" not in defaults, help="its name in the database")
    add("--interval", type=positive_seconds, metavar="SECONDS", help="from work to work")
    add("--heartbeat-interval", type=positive_seconds, metavar="SECONDS", help="default 30")
    add("--memory-limit-mb", type=positive_seconds, metavar="MB", help="what it may use")
    add("--error-wait", type=positive_seconds, metavar="SECONDS", help="rest in state error")
    add("--dsn", help="PostgreSQL connection; else HHA_DSN, else PG* variables")
    add("--log-level", choices=("debug", "info", "warning", "error"), help="default info")
    agent_class.add_arguments(parser)
    parser.set_defaults(**defaults)
    return parser


def run_from_command_line(
    agent_class: type[BaseAgent], argv: Sequence[str] | None, defaults: dict[str, Any]
) -> int:
    """Run an agent until SIGTERM or SIGINT; 0 after a clean stop, 1 when it failed,
    2 when it could not be made."""
    options = vars(build_parser(agent_class, defaults).parse_args(argv))
    logging.basicConfig(
        level=options.pop("log_level", "info").upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    dsn = options.pop("dsn", None)
    try:
        return asyncio.run(_run(agent_class, dsn, options))
    except HhaError as error:
        sys.stderr.write(f"{options['agent_id']}: {error}\n")
        return error.exit_code
    except ValueError as error:
        sys.stderr.write(f"{options['agent_id']}: {error}\n")
        return 2


async def _run(agent_class: type[BaseAgent], dsn: str | None, options: dict[str, Any]) -> int:
    name = f"hha agent {options['agent_id']}"
    async with SharedState(dsn, application_name=name) as shared_state:
        agent = agent_class(shared_state=shared_state, **options)
        agent.install_signal_handlers(asyncio.get_running_loop())
        try:
            await agent.run()
        except Exception:  # noqa: BLE001 (run has logged it)
            return 1
    return 0
