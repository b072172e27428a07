"""One table of a TOML file, read key by key, with errors that say which file, which key and why."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from hha.errors import ConfigurationError

_SECRET_NAME = re.compile(
    r"(^|[_-])(secret|password|passwd|pgpassword|token|credentials?|api[_-]?key|private[_-]?key)$",
    re.IGNORECASE,
)


def names_a_secret(key: str) -> bool:
    """Whether a value under this key would be a secret, which has no place in a configuration."""
    return _SECRET_NAME.search(key) is not None


class Section:
    """A table being read: each getter takes its key out, `finish()` refuses what is left."""

    def __init__(
        self,
        values: object,
        *,
        source: Path,
        path: str = "",
        keys_are_names: bool = False,
        secret_files: set[Path] | None = None,
    ) -> None:
        self.source = source
        self.path = path
        if not isinstance(values, dict):
            raise ConfigurationError(f"{source}: {path}: expected a table, got {_kind(values)}")
        self._values: dict[str, object] = dict(values)
        self._known: list[str] = []
        self.secret_variables: set[str] = set()
        self.secret_files: set[Path] = set() if secret_files is None else secret_files
        for key in self._values:
            if names_a_secret(key) and not keys_are_names:
                raise self.error(
                    key,
                    "a secret must not be written here: use"
                    f' {key}_env = "NAME_OF_A_VARIABLE" or {key}_file = "path"',
                )

    @property
    def folder(self) -> Path:
        """The folder of the file, to which relative paths refer."""
        return self.source.parent

    def error(self, key: str, problem: str) -> ConfigurationError:
        """An error about one key, to be raised by the caller."""
        where = f"{self.path}.{key}" if self.path else key
        return ConfigurationError(f"{self.source}: {where}: {problem}")

    @property
    def keys(self) -> list[str]:
        """The keys not read yet."""
        return list(self._values)

    def has(self, key: str) -> bool:
        self._known.append(key)
        return key in self._values

    def has_table(self, key: str) -> bool:
        return isinstance(self._values.get(key), dict)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._take(key, default)
        if not isinstance(value, str) or not value or "\0" in value:
            raise self.error(key, f"expected a non-empty string, got {_kind(value)}")
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise self.error(key, f"{value!r} is not one of {', '.join(sorted(allowed))}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"expected true or false, got {_kind(value)}")
        return value

    def number(self, key: str, default: float, *, least: float, most: float) -> float:
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, f"expected a number, got {_kind(value)}")
        if not math.isfinite(value) or not least <= value <= most:
            raise self.error(key, f"{value} is not between {least:g} and {most:g}")
        return float(value)

    def whole_number(self, key: str, default: int, *, least: int, most: int) -> int:
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(key, f"expected a whole number, got {_kind(value)}")
        if not least <= value <= most:
            raise self.error(key, f"{value} is not between {least} and {most}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key, None)
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(item, str) and item and "\0" not in item for item in value)
        ):
            raise self.error(
                key, 'expected a list of non-empty strings, such as ["python3", "-m", "my_agent"]'
            )
        return tuple(value)

    def text_table(self, key: str) -> dict[str, str]:
        value = self._take(key, {})
        if not isinstance(value, dict):
            raise self.error(key, f"expected a table of strings, got {_kind(value)}")
        for name, item in value.items():
            if not isinstance(item, str) or "\0" in item or not name or "=" in name:
                raise self.error(f"{key}.{name}", f"expected a string, got {_kind(item)}")
            if names_a_secret(name):
                raise self.error(
                    f"{key}.{name}",
                    "a secret must not be written here: set the variable in the environment the"
                    " bridge is started in, and name it in pass_environment",
                )
        return value

    def variables(self, key: str, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
        """Names of environment variables that are set; none where the key is missing."""
        names = self.texts(key) if self.has(key) else ()
        for name in names:
            if name not in environment:
                raise self.error(key, f"the environment variable {name!r} is not set")
        return names

    def file_path(self, key: str, default: Path | None = None) -> Path:
        """A path; a relative one refers to the folder of the configuration file."""
        if default is not None and not self.has(key):
            self._known.append(key)
            return default
        return (self.folder / Path(self.text(key)).expanduser()).absolute()

    def folder_path(self, key: str) -> Path:
        """A folder that exists; by default that of the configuration file."""
        path = self.file_path(key, self.folder)
        if not path.is_dir():
            raise self.error(key, f"{path} is not a folder")
        return path

    def secret(self, key: str, environment: Mapping[str, str] = os.environ) -> str | None:
        """The secret named by `<key>_env` or `<key>_file`, or None when neither is given."""
        from_env, from_file = f"{key}_env", f"{key}_file"
        self._known += [from_env, from_file]
        if self.has(from_env) and self.has(from_file):
            raise self.error(from_env, f"give either {from_env} or {from_file}, not both")
        if self.has(from_env):
            name = self.text(from_env)
            value = environment.get(name, "")
            if not value:
                raise self.error(from_env, f"the environment variable {name!r} is not set or empty")
            self.secret_variables.add(name)
            return value
        if self.has(from_file):
            path = self.file_path(from_file)
            self.secret_files.add(path)
            try:
                value = path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as reason:
                raise self.error(from_file, f"cannot read {path}: {reason}") from None
            if not value:
                raise self.error(from_file, f"{path} is empty")
            return value
        return None

    def url(self, key: str, schemes: Sequence[str]) -> str:
        """A URL given as <key>, or as <key>_env or <key>_file when it holds a secret."""
        hidden = self.secret(key)
        if hidden is not None and self.has(key):
            raise self.error(key, f"give one of {key}, {key}_env and {key}_file")
        value = hidden if hidden is not None else self.text(key)
        try:
            parts = urlsplit(value)
            is_complete = bool(parts.path if parts.scheme == "unix" else parts.hostname)
            is_known = parts.scheme in schemes and parts.port != 0
        except ValueError:
            is_complete = is_known = False
        if not (is_complete and is_known):
            raise self.error(key, f"expected a URL that begins with {_one_of(schemes)}")
        if hidden is None and "@" in parts.netloc:
            raise self.error(
                key, f"a password must not be written here: use {key}_env or {key}_file"
            )
        return value

    def section(self, key: str, *, keys_are_names: bool = False) -> Section:
        path = f"{self.path}.{key}" if self.path else key
        return Section(
            self._take(key, {}),
            source=self.source,
            path=path,
            keys_are_names=keys_are_names,
            secret_files=self.secret_files,
        )

    def named_sections(self, key: str) -> dict[str, Section]:
        """The tables below a table whose keys are names."""
        names = self.section(key, keys_are_names=True)
        return {name: names.section(name) for name in names.keys}

    def finish(self) -> None:
        """Refuse keys that nobody asked for, naming those that exist."""
        for key in self._values:
            known = ", ".join(sorted(set(self._known)))
            raise self.error(key, f"unknown key; known keys here: {known}")

    def _take(self, key: str, default: object) -> object:
        self._known.append(key)
        if key in self._values:
            return self._values.pop(key)
        if default is None:
            raise self.error(key, "is missing")
        return default


def _one_of(schemes: Sequence[str]) -> str:
    return " or ".join(f"{scheme}://" for scheme in schemes)


def _kind(value: object) -> str:
    names = {str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    names |= {list: "a list", dict: "a table"}
    if value == "":
        return "an empty string"
    return names.get(type(value), type(value).__name__)
