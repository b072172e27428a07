"""Log lines a person can read and a program can split: message, then key=value."""

from __future__ import annotations

import json
import logging
import sys

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class KeyValueFormatter(logging.Formatter):
    """Appends what was passed as `extra`, as key=value; strings with blanks as JSON strings."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        extra = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        return " ".join([line, *(f"{key}={_shown(value)}" for key, value in extra.items())])


def log_to_stderr(*, is_verbose: bool) -> None:
    """Send what the package logs to standard error: from INFO on, or everything."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(KeyValueFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("hha")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG if is_verbose else logging.INFO)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if text.isprintable() and text and " " not in text else json.dumps(text)
