"""The configuration of each kind of channel: what it needs, and how clearly it refuses the rest."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from pathlib import Path

import pytest

import hha.bridge
from hha.bridge import parse_config
from hha.bridge.channels import CHANNELS
from hha.errors import ConfigurationError

SLACK = 'kind = "slack"\nurl_env = "SLACK_URL"\n'
EMAIL = 'kind = "email"\nhost = "localhost"\nfrom = "hha@example.org"\nto = ["ops@example.org"]\n'
SMS = (
    'kind = "sms"\naccount_sid = "AC1"\nauth_token_env = "TOKEN"\n'
    'from = "+15550100"\nto = "+15550101"\n'
)
ALERTMANAGER = 'kind = "alertmanager"\nurl = "http://localhost:9093"\n'
APPRISE = 'kind = "apprise"\nurl_env = "APPRISE_URL"\n'


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_URL", "https://hooks.slack.example/services/T0/B0/hidden-1")
    monkeypatch.setenv("TOKEN", "hidden-2")
    monkeypatch.setenv("APPRISE_URL", "json://hidden-3@localhost/")
    monkeypatch.setenv("BAD_URL", "hidden-4")


def parse(channel: str, tmp_path: Path) -> hha.bridge.BridgeConfig:
    return parse_config(f"[channels.c]\n{channel}", source=tmp_path / "bridge.toml")


@pytest.mark.parametrize("channel", [SLACK, EMAIL, SMS, ALERTMANAGER, APPRISE])
def test_the_least_that_is_needed_is_enough_and_nothing_secret_is_shown(
    channel: str, tmp_path: Path
) -> None:
    config = parse(channel, tmp_path)
    assert "hidden" not in repr(config)
    assert config.secret_variables == set(re.findall(r'_env = "(\w+)"', channel))


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        (SLACK.replace("url_env", "url"), "c.url: this URL is a secret: use url_env or url_file"),
        ('kind = "slack"', "c.url: is missing: give url_env or url_file"),
        (SLACK.replace("SLACK_URL", "BAD_URL"), "c.url: expected a URL that begins with https://"),
        (SLACK + "timeout_seconds = 26", "c.timeout_seconds: 26 is not between 0.1 and 25"),
        (SLACK + 'link_url = "monitor"', "c.link_url: expected a URL that begins with"),
        (SLACK + 'template_dir = "nowhere"', "nowhere is not a folder"),
        (SLACK + 'template_dir = "."', "has none of the templates slack.mrkdwn.j2"),
        (SLACK + 'colour = "red"', "c.colour: unknown key; known keys here: kind, link_url,"),
        (EMAIL + 'security = "ssl"', "c.security: 'ssl' is not one of none, starttls, tls"),
        (EMAIL + "port = 0", "c.port: 0 is not between 1 and 65535"),
        (EMAIL + 'username = "u"', "c.username: goes together with password_env or password_file"),
        (EMAIL + 'password_env = "TOKEN"', "c.username: goes together with password_env"),
        (EMAIL + 'password = "x"', "c.password: a secret must not be written here"),
        (
            EMAIL + 'security = "none"\nusername = "u"\npassword_env = "TOKEN"',
            "c.security: a password is sent only under starttls or tls",
        ),
        (EMAIL + 'ca_file = "none.pem"', "c.ca_file: cannot be used: [Errno 2]"),
        (EMAIL.replace("hha@example.org", "hha"), "c.from: 'hha' is not a mail address"),
        (EMAIL.replace("ops@", "o ps@"), "c.to: 'o ps@example.org' is not a mail address"),
        (EMAIL.replace("hha@", "a\\nBcc: b@"), "c.from: 'a\\nBcc: b@example.org' is not a mail"),
        (EMAIL.replace('["ops@example.org"]', "[]"), "c.to: expected a list of non-empty strings"),
        (SMS.replace("auth_token_env", "auth_token"), "c.auth_token: a secret must not be written"),
        (SMS.replace('auth_token_env = "TOKEN"', ""), "c.auth_token: is missing: give auth_token_"),
        (SMS.replace("AC1", "AC/1"), "c.account_sid: 'AC/1' is not letters and digits"),
        (SMS.replace("+15550101", "5550101"), "c.to: '5550101' is not a number such as +15550100"),
        (SMS.replace("+15550100", "Heartbeat Health"), "nor 1 to 11 letters"),
        (SMS.replace('from = "+15550100"', ""), "c.from: give either from or messaging_service_"),
        (SMS + 'messaging_service_sid = "MG1"', "c.from: give either from or messaging_service_"),
        (SMS + 'base_url = "twilio"', "c.base_url: expected a URL that begins with"),
        (ALERTMANAGER.replace("http:", "ftp:"), "c.url: expected a URL that begins with"),
        (ALERTMANAGER + "hold_hours = 0", "c.hold_hours: 0 is not between 1 and 720"),
        (ALERTMANAGER + 'labels = { "a-b" = "c" }', "c.labels.a-b: is no name for a label"),
        (ALERTMANAGER + 'labels = { severity = "c" }', "c.labels.severity: is no name for a label"),
        (
            APPRISE.replace("url_env", "url"),
            "c.url: this URL is a secret: give url_env or url_file",
        ),
        (APPRISE.replace("APPRISE_URL", "BAD_URL"), "c.url: apprise knows no such service"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(
    channel: str, expected: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(channel, tmp_path)
    message = str(caught.value)
    assert f"{tmp_path / 'bridge.toml'}: channels." in message
    assert expected in message
    assert "hidden" not in message + "".join(capfd.readouterr())


def test_without_the_extra_apprise_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'hha\[apprise\]'"):
        parse(APPRISE, tmp_path)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ agent", "sms.txt.j2, line 1: unexpected end of template"),
        ("ok\n{{ agnet }}", "sms.txt.j2, line 2: 'agnet' is undefined"),
        ("{{ score / 0 }}", "sms.txt.j2, line 1: float division by zero"),
        ("{% include 'other' %}", "sms.txt.j2, line 1: "),
    ],
)
def test_a_template_that_fails_is_named_with_its_line(
    template: str, expected: str, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sms.txt.j2").write_text(template, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        parse(SMS + 'template_dir = "own"', tmp_path)
    assert f"channels.c.template_dir: {expected}" in str(caught.value)


def test_the_example_shows_every_kind_and_all_it_shows_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = Path(hha.bridge.__file__).with_name("example.toml").read_text(encoding="utf-8")
    example = example[example.index("# Channels.") :]
    text = re.sub(r"^# (\[channels\.\w+\]|\w+ = )", r"\1", example, flags=re.MULTILINE)
    for name in re.findall(r'_env = "(\w+)"', text):
        monkeypatch.setenv(name, "json://localhost/" if "APPRISE" in name else "https://localhost/")
    # What only a reader has: folders and files.
    text = re.sub(
        r"^(template_dir|ca_file|stop_agents_on_exit) = .*$", "", text, flags=re.MULTILINE
    )
    config = parse_config(text, source=tmp_path / "bridge.toml")
    kinds = re.findall(r'^kind = "(\w+)"', text, flags=re.MULTILINE)
    assert sorted([*kinds, "console"]) == sorted(CHANNELS)
    assert len(config.channels) == len(CHANNELS)


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_a_channel_is_at_most_sixty_lines_beside_its_words(kind: str) -> None:
    module = inspect.getmodule(CHANNELS[kind])
    assert module is not None
    # What a comment or an empty line is the parser does not keep; docstrings it does.
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    lines = {
        number
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not hasattr(node, "body")
        for number in range(node.lineno, (node.end_lineno or 0) + 1)
    } | {node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)}
    assert len(lines) <= 60
