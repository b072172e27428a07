"""What the doctor says of files of this machine and of the server's settings."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hha.diagnosis.encryption import is_public
from hha.diagnosis.finding import Finding
from hha.diagnosis.local import check_config, check_secrets, others_may
from hha.diagnosis.settings import (
    judge_checkpoints,
    judge_room,
    judge_slot,
    judge_switches,
    judge_vacuum,
)

CONFIG = '[channels.on_call]\nkind = "slack"\nurl_file = "slack_url"\n'


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that everybody can enter, unlike tmp_path, and a home without a .pgpass."""
    made = Path(tempfile.mkdtemp(prefix="hha-"))
    made.chmod(0o755)
    monkeypatch.setenv("HOME", str(made))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def config(folder: Path) -> Path:
    """A configuration with one secret, both closed to others."""
    path = folder / "bridge.toml"
    path.write_text(CONFIG)
    (folder / "slack_url").write_text("https://hooks.example.org/T0/B0/x")
    for name in ("bridge.toml", "slack_url"):
        (folder / name).chmod(0o600)
    return path


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    assert all(finding.advice for finding in findings if finding.level != "ok")
    return [(finding.level, finding.fact) for finding in findings]


def test_a_configuration_is_read_as_the_bridge_reads_it(config: Path) -> None:
    findings, loaded = check_config(config)
    assert told(findings) == [("ok", "bridge:main, 0 agents, 2 channels")]
    assert loaded is not None
    assert told(check_secrets(loaded, {})) == [("ok", "1 files, none open to everybody")]

    (config.parent / "slack_url").unlink()
    ((level, fact),) = told(check_config(config)[0])
    assert level == "fail"
    assert "channels.on_call.url_file: cannot read" in fact


def test_what_others_may_write_or_read(config: Path) -> None:
    config.chmod(0o646)
    secret = config.parent / "slack_url"
    secret.chmod(0o644)
    findings, loaded = check_config(config)
    assert [level for level, _ in told(findings)] == ["ok", "fail"]
    assert findings[1].advice == f"chmod o-w {config}"
    assert told(check_secrets(loaded, {})) == [
        ("warn", f"anybody on this machine may read {secret}")
    ]
    config.parent.chmod(0o700)  # nobody else comes as far as the files
    findings, loaded = check_config(config)
    assert [level for level, _ in told(findings)] == ["ok"]
    assert [level for level, _ in told(check_secrets(loaded, {}))] == ["ok"]
    assert others_may(config.parent / "missing", 0o4) is False


def test_secrets_that_variables_name(folder: Path) -> None:
    missing = {"HHA_PASSWORD_FILE": str(folder / "missing")}
    assert told(check_secrets(None, missing)) == [
        ("fail", f"HHA_PASSWORD_FILE names {folder / 'missing'}, which cannot be read")
    ]
    token = folder / "token"
    token.write_text("t")
    token.chmod(0o644)
    named = {"HHA_METRICS_TOKEN_FILE": str(token)}
    assert told(check_secrets(None, named)) == [
        ("warn", f"anybody on this machine may read {token}")
    ]
    assert told(check_secrets(None, {})) == [("ok", "none in files")]


def test_a_password_file_that_libpq_passes_over(folder: Path) -> None:
    named = {"PGPASSFILE": str(folder / "pass")}
    assert told(check_secrets(None, named)) == [
        ("warn", f"PGPASSFILE names {folder / 'pass'}, which is not there")
    ]
    for path, environment in ((folder / "pass", named), (folder / ".pgpass", {})):
        path.write_text("*:*:*:*:secret")
        path.chmod(0o640)
        assert told(check_secrets(None, environment)) == [
            ("warn", f"others may read {path}, so libpq does not use it")
        ]
        path.chmod(0o600)
        assert told(check_secrets(None, environment)) == [("ok", "none in files")]


def test_settings_that_are_off() -> None:
    assert judge_switches({"autovacuum": "on", "fsync": "on"}) == []
    assert told(judge_switches({"autovacuum": "off", "fsync": "off"})) == [
        ("fail", "autovacuum is off: tables that every tick updates grow without end"),
        ("warn", "fsync is off: a crash of the machine can destroy the database"),
    ]


def test_room_for_workers_and_sessions() -> None:
    values = {"max_worker_processes": "8", "max_connections": "100"}
    assert judge_room(values, 90) == []
    assert told(judge_room(values, 91)) == [("warn", "91 of 100 are in use")]
    scheduled = {**values, "cron.use_background_workers": "on"}
    assert [finding.check for finding in judge_room(scheduled, 1)] == ["settings"]
    assert judge_room({**scheduled, "max_worker_processes": "20"}, 1) == []


def test_what_holds_vacuum_or_the_log() -> None:
    assert judge_vacuum(200_000_000, None) == []
    assert len(told(judge_vacuum(1_500_000_000, "'gid'"))) == 2
    assert judge_checkpoints(9, 0) == judge_checkpoints(50, 50) == []
    assert told(judge_checkpoints(51, 50)) == [
        ("warn", "51 checkpoints came because the log was full, 50 by time")
    ]
    slot = {"slot_name": "old", "kept_bytes": 10 * 1024**2, "is_holding_vacuum": False}
    assert judge_slot(slot) == []
    assert told(judge_slot({**slot, "kept_bytes": 2 * 1024**3})) == [
        ("warn", "replication slot old is not read and keeps 2048 MB")
    ]
    assert len(judge_slot({**slot, "kept_bytes": None, "is_holding_vacuum": True})) == 1


def test_addresses_of_the_internet() -> None:
    assert is_public("93.184.216.34")
    assert not any(map(is_public, ("", "127.0.0.1", "::1", "10.1.2.3", "fd00::1", "192.168.0.9")))
