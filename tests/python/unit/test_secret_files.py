"""Secrets from variables and files, and the password of a connection string."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from hha.connection import resolve_target
from hha.errors import ConfigurationError
from hha.secret_files import read_secret


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HHA_DSN", "HHA_PASSWORD", "HHA_PASSWORD_FILE", "SOME", "SOME_FILE"):
        monkeypatch.delenv(name, raising=False)


def written(folder: Path, text: str) -> str:
    path = folder / "secret"
    path.write_text(text)
    return str(path)


def test_a_secret_is_a_variable_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert read_secret("SOME") is None
    monkeypatch.setenv("SOME", "of the variable")
    assert read_secret("SOME") == "of the variable"
    monkeypatch.setenv("SOME_FILE", written(tmp_path, "of the file\n"))
    with pytest.raises(ConfigurationError, match="either SOME or SOME_FILE"):
        read_secret("SOME")
    monkeypatch.delenv("SOME")
    assert read_secret("SOME") == "of the file"


def test_a_file_that_holds_none_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOME_FILE", written(tmp_path, " \n"))
    with pytest.raises(ConfigurationError, match=r"SOME_FILE names .*secret, which is empty"):
        read_secret("SOME")
    monkeypatch.setenv("SOME_FILE", str(tmp_path / "missing"))
    with pytest.raises(ConfigurationError, match=r"which cannot be read.*No such file"):
        read_secret("SOME")


def test_a_connection_takes_its_password_from_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HHA_PASSWORD_FILE", written(tmp_path, "it's a 'secret' \\ of ours\n"))
    monkeypatch.setenv("HHA_DSN", "host=db user=bridge")

    def password(dsn: str | None = None) -> object:
        return conninfo_to_dict(resolve_target(dsn).dsn)["password"]

    assert password() == "it's a 'secret' \\ of ours"
    assert password("postgresql://bridge@db/health") == "it's a 'secret' \\ of ours"
    assert password("host=db password=given") == "given"
    monkeypatch.delenv("HHA_DSN")
    monkeypatch.setenv("PGHOST", "db")
    assert password() == "it's a 'secret' \\ of ours"
