"""The agents of a stack, and the bridge's configuration that supervises them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from hha.stack.folder import Folder


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """A supervised agent: the module to run with ``python -m`` and its options.

    ``environment``: prefixes of variables it is given beside those of the database.
    """

    agent_id: str
    module: str
    options: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The command line with this interpreter."""
        return [sys.executable, "-m", self.module, "--agent-id", self.agent_id, *self.options]


def _named(prefixes: tuple[str, ...]) -> list[str]:
    """Variables of the environment that begin with one of ``prefixes``."""
    return sorted(name for name in os.environ if name.startswith(prefixes)) if prefixes else []


def write_config(
    folder: Folder,
    agents: Sequence[AgentSpec],
    name: str,
    channels: str = "",
    rules_dsn: str | None = None,
) -> None:
    """Write the bridge's configuration. JSON strings and lists of them are valid TOML.

    ``channels`` is TOML for channels beside the console.
    """
    # Its agents beat with the login that `hha up` itself was given.
    login = ["HHA_DSN", *sorted(name for name in os.environ if name.startswith("PG"))]
    lines = [
        "# Written by hha at each start; changes here are lost.",
        "[bridge]",
        f"name = {json.dumps(name)}",
        f"state_directory = {json.dumps(str(folder.state))}",
        *([] if rules_dsn is None else [f"rules_dsn = {json.dumps(rules_dsn)}"]),
        "",
        "[channels.console]",
        'kind = "console"',
    ]
    for agent in agents:
        lines += [
            "",
            f"[agents.{json.dumps(agent.agent_id)}]",
            'executor = "process"',
            f"command = {json.dumps(agent.command())}",
            f"cwd = {json.dumps(str(folder.path))}",
            f"pass_environment = {json.dumps([*login, *_named(agent.environment)])}",
        ]
    folder.config.write_text("\n".join(lines) + f"\n{channels}", encoding="utf-8")
    folder.config.chmod(0o600)
