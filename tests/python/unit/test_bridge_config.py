"""The bridge's configuration: what it accepts, and how clearly it refuses the rest."""

from __future__ import annotations

import dataclasses
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from hha.bridge import load_config, parse_config
from hha.bridge.channels.posting import retry_after_seconds
from hha.bridge.channels.webhook import WebhookConfig, sign
from hha.bridge.channels.wording import one_line
from hha.bridge.executors import EXECUTORS
from hha.bridge.executors.commands import WithCommands
from hha.bridge.executors.process import ProcessConfig
from hha.errors import ConfigurationError

AGENT = '[agents.worker]\ncommand = ["sleep", "60"]\n'
SYSTEMD, DOCKER, HTTP, SUPERVISORD, KUBERNETES = (
    f'[agents.w]\nexecutor = "{kind}"\n'
    for kind in ("systemd", "docker", "http", "supervisord", "kubernetes")
)


def refusal(text: str, tmp_path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(text, source=tmp_path / "bridge.toml")
    return str(caught.value)


def test_the_example_is_valid_and_shows_the_defaults(tmp_path: Path) -> None:
    import hha.bridge

    example = Path(hha.bridge.__file__).with_name("example.toml")
    shown = load_config(example)
    default = parse_config("", source=example)
    for key in (
        "worker",
        "state_directory",
        "stop_agents_on_exit",
        "poll_seconds",
        "stop_grace_seconds",
        "recovery_limit",
        "delivery_limit",
    ):
        assert getattr(shown, key) == getattr(default, key), key
    agent = shown.agents["file_hasher"]
    plain = parse_config(AGENT, source=example).agents["worker"]
    assert isinstance(agent, ProcessConfig)
    assert isinstance(plain, ProcessConfig)
    for key in ("cwd", "stop_timeout_seconds", "autostart", "report_exit"):
        assert getattr(agent, key) == getattr(plain, key), key


def test_the_example_shows_every_key_of_every_kind_with_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hha.bridge

    for name in ("PARTNER_SECRET", "SUPERVISOR_PASSWORD", "HHA_WEBHOOK_SECRET", "HHA_DSN"):
        monkeypatch.setenv(name, "x")
    text = Path(hha.bridge.__file__).with_name("example.toml").read_text(encoding="utf-8")
    agents = text[text.index("[agents.file_hasher]") : text.index("# Channels.")]
    # Lines that are commented out once are settings; twice, the other of two.
    shown = re.sub(r"^# (?=[a-z_]+ = |\[)", "", agents, flags=re.MULTILINE)
    whole = parse_config(shown, source=tmp_path / "bridge.toml").agents
    kinds = re.findall(r'^executor = "(\w+)"', shown, flags=re.MULTILINE)
    assert sorted(kinds) == sorted(EXECUTORS)
    needed = {
        "process": 'command = ["x"]',
        "systemd": 'unit = "x"',
        "docker": 'container = "x"',
        "http": 'url = "http://x"',
        "supervisord": 'process = "x"\nurl = "unix:///x"',
        "kubernetes": 'deployment = "x"',
    }
    # Keys whose default is to be absent, and those that must be given.
    free = {"command", "env", "log_file", "unit", "container", "engine", "url", "secret"}
    free |= {"process", "username", "password", "name", "kubeconfig", "context"}
    free |= {"secret_variables", "pass_environment"}
    for kind, agent in zip(kinds, whole.values(), strict=True):
        factory = agent.inner if isinstance(agent, WithCommands) else agent
        lines = f'[agents.a]\nexecutor = "{kind}"\n{needed[kind]}'
        default = parse_config(lines, source=tmp_path / "bridge.toml").agents["a"]
        for field in dataclasses.fields(cast(Any, factory)):
            if field.name not in free:
                assert getattr(factory, field.name) == getattr(default, field.name), field.name
        section = shown[shown.index(f'executor = "{kind}"') :].split("\n\n", 1)[0]
        with pytest.raises(ConfigurationError, match="known keys here") as caught:
            parse_config(f"{lines}\nunknown = 1", source=tmp_path / "bridge.toml")
        known = str(caught.value).split("known keys here: ")[1].split(", ")
        for key in set(known) - {"commands"}:
            assert re.search(rf"\b{key}\b", section), f"{kind}: {key} is not shown"


def test_an_empty_file_gives_a_bridge_with_a_console(tmp_path: Path) -> None:
    config = parse_config("", source=tmp_path / "bridge.toml")
    assert config.worker == "bridge:main"
    assert list(config.channels) == ["console"]
    assert not config.agents


def test_a_given_name_takes_the_place_of_the_configured_one(tmp_path: Path) -> None:
    config = parse_config('[bridge]\nname = "a"', source=tmp_path / "b.toml", name="b")
    assert config.worker == "bridge:b"


def test_relative_paths_refer_to_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    text = AGENT + 'cwd = "app"\nlog_file = "app/worker.log"\n'
    agent = parse_config(text, source=tmp_path / "bridge.toml").agents["worker"]
    assert isinstance(agent, ProcessConfig)
    assert agent.cwd == tmp_path / "app"
    assert agent.log_file == tmp_path / "app" / "worker.log"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[bridge", "not valid TOML"),
        ("[brigde]\n", "brigde: unknown key; known keys here: agents, bridge, channels"),
        ("bridge = 1", "bridge: expected a table, got a number"),
        ('[bridge]\nname = ""', "bridge.name: expected a non-empty string, got an empty string"),
        ('[bridge]\nname = "a/b"', "without a slash"),
        ("[bridge]\npoll_seconds = 0", "bridge.poll_seconds: 0 is not between 0.05 and 60"),
        ("[bridge]\npoll_seconds = nan", "bridge.poll_seconds: nan is not between"),
        ("[bridge]\npoll_seconds = true", "expected a number, got a boolean"),
        ("[bridge]\nrecovery_limit = 1.5", "bridge.recovery_limit: expected a whole number"),
        ("[bridge]\nstop_agents_on_exit = 1", "expected true or false, got a number"),
        ("[agents.worker]\n", "agents.worker.command: is missing"),
        ("[agents]\nworker = 3", "agents.worker: expected a table, got a number"),
        ('[agents.worker]\ncommand = "sleep 60"', "agents.worker.command: expected a list"),
        ("[agents.worker]\ncommand = []", "agents.worker.command: expected a list"),
        (AGENT + 'executor = "magic"', "'magic' is not one of docker, http, kubernetes, process,"),
        (AGENT + 'cwd = "nowhere"', "is not a folder"),
        (AGENT + "env = { A = 1 }", "agents.worker.env.A: expected a string, got a number"),
        (AGENT + 'env = { PGPASSWORD = "x" }', "agents.worker.env.PGPASSWORD: a secret must not"),
        (AGENT + 'pass_environment = ["NO_SUCH"]', "variable 'NO_SUCH' is not set"),
        (AGENT + "pass_environment = true", "agents.worker.pass_environment: expected a list"),
        (AGENT + 'reload_signal = "SIGKILL"', "agents.worker.reload_signal: 'SIGKILL' is not one"),
        (AGENT + "commands = 1", "agents.worker.commands: expected a table, got a number"),
        (AGENT + 'commands = { a = "x" }', "agents.worker.commands.a: expected a list of"),
        (AGENT + "commands = { a = [] }", "agents.worker.commands.a: expected a list of"),
        (AGENT + 'commands = { "" = ["x"] }', "a name is printable and not empty"),
        (
            AGENT + "commands = { a = { cwd = '.' } }",
            "agents.worker.commands.a.command: is missing",
        ),
        (
            AGENT + 'commands = { a = { command = ["x"], shell = true } }',
            "agents.worker.commands.a.shell: unknown key; known keys here: command, cwd, env,",
        ),
        (
            AGENT + 'commands = { a = { command = ["x"], env = { API_KEY = "x" } } }',
            "agents.worker.commands.a.env.API_KEY: a secret must not be written here",
        ),
        (SYSTEMD, "agents.w.unit: is missing"),
        (SYSTEMD + 'unit = "-x.service"', "'-x.service' is not the name of a unit"),
        (SYSTEMD + 'unit = "a b"', "'a b.service' is not the name of a unit"),
        (SYSTEMD + 'unit = "a.exe"', "'a.exe' is not the name of a unit, such as web.service"),
        (SYSTEMD + 'unit = "a"\nscope = "global"', "'global' is not one of system, user"),
        (SYSTEMD + 'unit = "a"\nsystemctl = "sudo"', "agents.w.systemctl: expected a list of"),
        (DOCKER, "agents.w.container: give one of container and label"),
        (DOCKER + 'container = "a"\nlabel = "b"', "give one of container and label"),
        (DOCKER + 'container = "a"\nstop_timeout_seconds = 0.5', "expected a whole number"),
        (HTTP, "agents.w.url: is missing"),
        (HTTP + 'url = "ftp://a"', "agents.w.url: expected a URL that begins with http:// or"),
        (HTTP + 'url = "http://"', "agents.w.url: expected a URL that begins with"),
        (HTTP + 'url = "http://[a"', "agents.w.url: expected a URL that begins with"),
        (HTTP + 'url = "http://a:99999"', "agents.w.url: expected a URL that begins with"),
        (HTTP + 'url = "http://a:b@c"', "agents.w.url: a password must not be written here"),
        (HTTP + 'url = "http://a"\nsecret = "x"', "agents.w.secret: a secret must not be written"),
        (HTTP + 'url = "http://a"\nactions = ["run_command"]', "'run_command' is not one of"),
        (HTTP + 'url = "http://a"\nurl_env = "HOME"', "give one of url, url_env and url_file"),
        (SUPERVISORD, "agents.w.process: is missing"),
        (SUPERVISORD + 'process = "g:*"', "agents.w.process: name one process"),
        (SUPERVISORD + 'process = "a"\nurl = "unix://"', "agents.w.url: expected a URL that"),
        (SUPERVISORD + 'process = "a"\nusername = "u"', "username goes with password_env or"),
        (SUPERVISORD + 'process = "a"\npassword = "p"', "agents.w.password: a secret must not"),
        (KUBERNETES, "give one of deployment, statefulset, daemonset and pods"),
        (KUBERNETES + 'deployment = "a"\npods = "app=a"', "give one of deployment, statefulset,"),
        (KUBERNETES + 'deployment = "../a"', "agents.w.deployment: '../a' is not a name in"),
        (KUBERNETES + 'deployment = "a"\nnamespace = "A"', "agents.w.namespace: 'A' is not a name"),
        (AGENT + "comand = 1", "agents.worker.comand: unknown key; known keys here: autostart,"),
        ("[channels.page]\n", "channels.page.kind: is missing"),
        (
            '[channels.page]\nkind = "pager"',
            "'pager' is not one of alertmanager, apprise, console,",
        ),
        ('[channels.page]\nkind = "webhook"', "channels.page.url: is missing"),
        ('[channels.page]\nkind = "webhook"\nurl = "ftp://a"', "begins with https:// or http://"),
        ('[channels.p]\nkind = "webhook"\nurl = "http://a:b@c"', "a password must not be written"),
        ('[channels.p]\nkind = "webhook"\nurl = "http://a"\nsecret = "x"', "secret_env ="),
        ('[channels.p]\nkind = "webhook"\nurl = "http://a"\nsecret_env = "NO_SUCH"', "is not set"),
        ('[channels.p]\nkind = "webhook"\nurl = "http://a"\nsecret_file = "none"', "cannot read"),
        (
            '[channels.p]\nkind = "webhook"\nurl = "http://a"\nsecret_file = "x"\nsecret_env = "X"',
            "give either secret_env or secret_file, not both",
        ),
    ],
)
def test_a_mistake_is_named_with_file_and_key(text: str, expected: str, tmp_path: Path) -> None:
    message = refusal(text, tmp_path)
    assert expected in message
    assert str(tmp_path / "bridge.toml") in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml: cannot be read"):
        load_config(tmp_path / "none.toml")


def test_secrets_come_from_a_variable_or_a_file_and_are_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRIDGE_TEST_URL", "https://user:hidden-1@example.org/hook")
    (tmp_path / "secret").write_text("hidden-2\n", encoding="utf-8")
    text = '[channels.p]\nkind = "webhook"\nurl_env = "BRIDGE_TEST_URL"\nsecret_file = "secret"'
    config = parse_config(text, source=tmp_path / "bridge.toml")
    channel = config.channels["p"]
    assert isinstance(channel, WebhookConfig)
    assert channel.url == "https://user:hidden-1@example.org/hook"
    assert channel.secret == "hidden-2"
    assert config.secret_variables == {"BRIDGE_TEST_URL"}
    assert "hidden" not in repr(config)


def test_secrets_of_executors_are_hidden_and_withheld_from_every_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_URL", "https://user:hidden-1@example.org")
    monkeypatch.setenv("RPC_WORD", "hidden-2")
    text = (
        HTTP.replace("[agents.w]", "[agents.h]") + 'url_env = "HOOK_URL"\nsecret_env = "RPC_WORD"\n'
        "commands = { a = ['true'] }\n"
        + SUPERVISORD
        + 'process = "p"\nurl = "unix:///run/s.sock"\nusername = "u"\npassword_env = "RPC_WORD"\n'
    )
    config = parse_config(text, source=tmp_path / "bridge.toml")
    assert config.secret_variables == {"HOOK_URL", "RPC_WORD"}
    assert "hidden" not in repr(config)


@pytest.mark.parametrize(("kind", "extra"), [("docker", "docker"), ("kubernetes", "kubernetes")])
def test_an_executor_without_its_package_says_which_extra_to_install(
    kind: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == kind]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])  # nothing but what is imported already
    message = refusal(f'[agents.w]\nexecutor = "{kind}"\n', tmp_path)
    assert f"agents.w.executor: {kind} needs a package: pip install 'hha[{extra}]'" in message


def test_an_agent_may_be_named_like_a_secret(tmp_path: Path) -> None:
    text = '[agents.token]\ncommand = ["true"]'
    assert list(parse_config(text, source=tmp_path / "b.toml").agents) == ["token"]


def test_the_signature_is_the_documented_one() -> None:
    # echo -n '17.{"a":1}' | openssl dgst -sha256 -hmac key
    expected = "d3ba6f10f19da4394710a748dca6f7e47d0e9b749037df9a7f34f40df5063979"
    assert sign("key", "17", b'{"a":1}') == f"sha256={expected}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("7", 7.0),
        ("999999999", 86_400.0),
        ("-1", None),
        ("soon", None),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Wed, 31 Dec 2025 23:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str | None, expected: float | None) -> None:
    assert retry_after_seconds(value, datetime(2026, 1, 1, tzinfo=UTC)) == expected


def test_a_message_cannot_forge_lines_or_colours() -> None:
    assert one_line("a\nb\x1b[31mc") == "a b [31mc"


def test_the_login_of_rules_comes_without_a_password_or_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(line: str) -> str | None:
        source = tmp_path / "bridge.toml"
        return parse_config(f"[bridge]\n{line}\n", source=source).rules_dsn

    assert read("") is None
    plain = "host=db dbname=health user=health_rules_runner"
    assert read(f'rules_dsn = "{plain}"') == plain
    (tmp_path / "dsn").write_text("postgresql://health_rules_runner:secret@db/health\n")
    assert read('rules_dsn_file = "dsn"') == "postgresql://health_rules_runner:secret@db/health"
    monkeypatch.setenv("RULES_DSN", f"{plain} password=secret")
    config = parse_config(
        '[bridge]\nrules_dsn_env = "RULES_DSN"\n', source=tmp_path / "bridge.toml"
    )
    assert config.rules_dsn == f"{plain} password=secret"
    assert config.secret_variables == {"RULES_DSN"}, "no agent inherits it"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('rules_dsn = "user=r password=secret"', "a password must not be written here"),
        ('rules_dsn = "postgresql://r:secret@db/x"', "a password must not be written here"),
        ('rules_dsn = "host=db"', "names no user"),
        ('rules_dsn = "no connection string"', "not a connection string"),
    ],
)
def test_a_login_of_rules_that_cannot_be_is_refused(
    line: str, problem: str, tmp_path: Path
) -> None:
    found = refusal(f"[bridge]\n{line}\n", tmp_path)
    assert problem in found
    assert "secret" not in found
