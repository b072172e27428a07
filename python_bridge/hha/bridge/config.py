"""The bridge's configuration: which agents it can restart and where its channels deliver.

Frozen values parsed from TOML; example.toml shows every key. The kinds of executors and channels
bring their own keys.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from hha.bridge.channels import CHANNELS, ChannelFactory
from hha.bridge.channels.console import ConsoleConfig
from hha.bridge.executors import EXECUTORS, ExecutorFactory
from hha.bridge.executors.commands import WithCommands, parse_commands
from hha.bridge.section import Section
from hha.errors import ConfigurationError

_NAME_LIMIT_BYTES = 100


@dataclass(frozen=True, slots=True)
class BridgeConfig:
    """What `hha bridge` needs besides a connection. Agents and channels by name.

    stop_agents_on_exit: True stops every supervised agent at a clean end, False none; None stops
    those that are started together with the bridge (autostart).
    secret_files: where secrets were read from, for whom they may be open to.
    rules_dsn: the login that evaluates alert rules of users; None leaves them to others.
    """

    name: str
    state_directory: Path
    stop_agents_on_exit: bool | None
    poll_seconds: float
    stop_grace_seconds: float
    recovery_limit: int
    delivery_limit: int
    rules_dsn: str | None
    own_secret_variables: frozenset[str]
    secret_files: frozenset[Path]
    agents: Mapping[str, ExecutorFactory]
    channels: Mapping[str, ChannelFactory]

    @property
    def worker(self) -> str:
        """The name under which this bridge claims work and beats, such as 'bridge:main'."""
        return f"bridge:{self.name}"

    @property
    def secret_variables(self) -> frozenset[str]:
        """Environment variables with secrets of its own, which no process it starts inherits."""
        owners: list[ChannelFactory | ExecutorFactory] = [*self.channels.values()]
        owners += self.agents.values()
        return self.own_secret_variables.union(*(owner.secret_variables for owner in owners))


def load_config(path: Path, *, name: str | None = None) -> BridgeConfig:
    """Read a file. `name` takes the place of bridge.name. Raises ConfigurationError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as reason:
        raise ConfigurationError(f"{path}: cannot be read: {reason}") from None
    return parse_config(text, source=path, name=name)


def parse_config(text: str, *, source: Path, name: str | None = None) -> BridgeConfig:
    """Parse TOML. `source` names the file in errors; relative paths refer to its folder."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as reason:
        raise ConfigurationError(f"{source}: not valid TOML: {reason}") from None
    root = Section(values, source=source.absolute())
    bridge = root.section("bridge")
    agents = {key: _agent(section) for key, section in root.named_sections("agents").items()}
    channels: dict[str, ChannelFactory] = {"console": ConsoleConfig()}
    for key, section in root.named_sections("channels").items():
        channels[key] = _channel(section)
    for key in (*agents, *channels):
        if not key.isprintable() or not 0 < len(key.encode()) <= 200:
            raise ConfigurationError(f"{source}: {key!r}: a name is 1 to 200 printable bytes")
    rules_dsn = _rules_dsn(bridge)
    config = BridgeConfig(
        name=_name(bridge, name),
        state_directory=bridge.file_path("state_directory", bridge.folder / ".hha-bridge"),
        stop_agents_on_exit=(
            bridge.flag("stop_agents_on_exit", True) if bridge.has("stop_agents_on_exit") else None
        ),
        poll_seconds=bridge.number("poll_seconds", 2, least=0.05, most=60),
        stop_grace_seconds=bridge.number("stop_grace_seconds", 15, least=0, most=600),
        recovery_limit=bridge.whole_number("recovery_limit", 4, least=1, most=100),
        delivery_limit=bridge.whole_number("delivery_limit", 8, least=1, most=100),
        rules_dsn=rules_dsn,
        own_secret_variables=frozenset(bridge.secret_variables),
        secret_files=frozenset(root.secret_files),
        agents=agents,
        channels=channels,
    )
    bridge.finish()
    root.finish()
    return config


def _name(section: Section, given: str | None) -> str:
    name = section.text("name", "main")
    name = name if given is None else given
    if not name or not name.isprintable() or len(name.encode()) > _NAME_LIMIT_BYTES or "/" in name:
        raise section.error("name", f"{name!r} is not 1 to 100 printable bytes without a slash")
    return name


def _rules_dsn(section: Section) -> str | None:
    """From rules_dsn, which must hold no password, or from rules_dsn_env or rules_dsn_file."""
    is_plain = section.has("rules_dsn")
    dsn = section.text("rules_dsn") if is_plain else section.secret("rules_dsn")
    key = "rules_dsn" if is_plain else "rules_dsn_env"
    if dsn is None:
        return None
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise section.error(
            key, 'not a connection string, such as "host=db dbname=health user=health_rules_runner"'
        ) from None
    if is_plain and parts.get("password"):
        raise section.error(
            key,
            "a password must not be written here: use rules_dsn_env, rules_dsn_file or PGPASSFILE",
        )
    if not parts.get("user"):
        raise section.error(key, "names no user; it is health_rules_runner, as a rule")
    return dsn


def _agent(section: Section) -> ExecutorFactory:
    kind = section.choice("executor", list(EXECUTORS), default="process")
    factory = EXECUTORS[kind](section)
    commands = parse_commands(section)
    section.finish()
    return WithCommands(factory, commands) if commands else factory


def _channel(section: Section) -> ChannelFactory:
    factory = CHANNELS[section.choice("kind", list(CHANNELS))](section)
    section.finish()
    return factory
