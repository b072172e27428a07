"""What can go wrong, as exceptions.

HhaError                        everything below; `hint` says what to do
├── ConfigurationError          an option, variable or file is missing or wrong
├── EmbeddedServerError         the embedded PostgreSQL cannot be started or reached
├── DeployError                 the schema cannot be brought where it was asked to go
│   ├── PlanError               sqitch.plan is not well-formed, or a script of it is missing
│   ├── ScriptError             PostgreSQL refused a deploy or revert script
│   └── VerifyError             a verify script says that a change is not as it should be
└── DatabaseError               PostgreSQL refused a statement; `sqlstate` is set
    ├── DatabaseUnavailable     no connection, or it was lost; worth another try
    ├── TransientError          serialization, deadlock, lock time-out; worth another try
    ├── InvalidInput            a value broke a rule that is named in the message
    ├── NotAllowed              the role lacks a right
    ├── SchemaMissing           `health` is not deployed, or is another version
    └── UnexpectedDatabaseError anything else

`from_psycopg` maps by SQLSTATE: the longest prefix in `CLASSES` wins. The SQLSTATEs of the
project itself are listed in docs/error_codes.md.
"""

from __future__ import annotations

import psycopg


class HhaError(Exception):
    """Base of all errors of this package; `str()` is fit to be shown to a person."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigurationError(HhaError):
    """An option, environment variable or configuration file is missing or wrong."""

    exit_code = 2


class EmbeddedServerError(HhaError):
    """The embedded PostgreSQL cannot be installed, started, stopped or reached."""


class DeployError(HhaError):
    """The schema cannot be brought where it was asked to go."""


class PlanError(DeployError):
    """The plan is not well-formed, or a script that it names is missing."""


class ScriptError(DeployError):
    """PostgreSQL refused a deploy or revert script; nothing of that script remains."""


class VerifyError(DeployError):
    """A verify script says that a change is not as it should be."""


class DatabaseError(HhaError):
    """PostgreSQL refused a statement.

    `sqlstate` is five characters, or None when no server answered; `detail` states facts.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        sqlstate: str | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.sqlstate = sqlstate
        self.detail = detail

    def __str__(self) -> str:
        return "\n".join(part for part in (self.message, self.detail, self.hint) if part)


class DatabaseUnavailable(DatabaseError):
    """There is no connection, or it was lost. The same call may succeed later."""


class TransientError(DatabaseError):
    """Serialization failure, deadlock or lock time-out. The same call may succeed at once."""


class InvalidInput(DatabaseError):
    """A value broke a rule of the schema; the message names the rule."""


class NotAllowed(DatabaseError):
    """The connected role lacks a right."""


class SchemaMissing(DatabaseError):
    """An object of the schema is not there: not deployed, or another version."""


class UnexpectedDatabaseError(DatabaseError):
    """Any other error of the server."""


CLASSES: dict[str, type[DatabaseError]] = {
    "08": DatabaseUnavailable,
    "53300": DatabaseUnavailable,  # too many connections
    "57P": DatabaseUnavailable,  # shutdown, crash, cannot connect now
    "40": TransientError,
    "55P03": TransientError,  # lock not available
    "22": InvalidInput,
    "23": InvalidInput,
    "42501": NotAllowed,
    "28": NotAllowed,
    "3F000": SchemaMissing,
    "42P01": SchemaMissing,
    "42883": SchemaMissing,
    "42703": SchemaMissing,
}


def class_of(sqlstate: str | None) -> type[DatabaseError]:
    """The exception for a SQLSTATE; the longest prefix known wins."""
    if sqlstate is None:
        return DatabaseUnavailable
    for length in range(5, 1, -1):
        if known := CLASSES.get(sqlstate[:length]):
            return known
    return UnexpectedDatabaseError


def from_psycopg(error: psycopg.Error) -> DatabaseError:
    """Turn an error of psycopg into one of ours; keep MESSAGE, DETAIL and HINT apart."""
    diagnosis = error.diag
    sqlstate = error.sqlstate
    if sqlstate is None and not isinstance(error, psycopg.OperationalError):
        return UnexpectedDatabaseError(str(error))
    hint = diagnosis.message_hint
    kind = class_of(sqlstate)
    if kind is SchemaMissing and hint is None:
        hint = "Deploy the schema with `hha deploy`."
    return kind(
        diagnosis.message_primary or str(error).strip(),
        hint=hint,
        sqlstate=sqlstate,
        detail=diagnosis.message_detail,
    )
