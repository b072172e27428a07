"""A SQLSTATE becomes the exception that says what the caller can do about it."""

from __future__ import annotations

import psycopg
import pytest

from hha import errors
from hha.errors import class_of, from_psycopg


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        (None, errors.DatabaseUnavailable),
        ("08006", errors.DatabaseUnavailable),
        ("57P01", errors.DatabaseUnavailable),
        ("57014", errors.UnexpectedDatabaseError),  # cancelled on purpose: no connection is lost
        ("40001", errors.TransientError),
        ("40P01", errors.TransientError),
        ("55P03", errors.TransientError),
        ("23514", errors.InvalidInput),
        ("22003", errors.InvalidInput),
        ("42501", errors.NotAllowed),
        ("42P01", errors.SchemaMissing),
        ("42601", errors.UnexpectedDatabaseError),
        ("XX000", errors.UnexpectedDatabaseError),
    ],
)
def test_sqlstates_are_mapped(sqlstate: str | None, expected: type[errors.HhaError]) -> None:
    assert class_of(sqlstate) is expected


def test_a_lost_connection_has_no_sqlstate() -> None:
    assert isinstance(from_psycopg(psycopg.OperationalError("gone")), errors.DatabaseUnavailable)


def test_a_mistake_of_the_program_is_not_taken_for_a_lost_connection() -> None:
    known = from_psycopg(psycopg.ProgrammingError("no result available"))
    assert isinstance(known, errors.UnexpectedDatabaseError)


def test_the_text_has_message_detail_and_hint() -> None:
    error = errors.InvalidInput("what", detail="why", hint="what to do", sqlstate="23514")
    assert str(error) == "what\nwhy\nwhat to do"
    assert str(errors.PlanError("what", hint="what to do")) == "what\nwhat to do"


def test_every_error_is_in_the_drawing_of_the_module() -> None:
    classes = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.HhaError)
    }
    drawn = str(errors.__doc__)
    assert {name for name in classes if name not in drawn} == set()
