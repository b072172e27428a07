"""Install pgTAP, run a file of it through psycopg and read what it says.

The file goes to the server as one message, so it may hold any SQL but no psql command. Every
row of a single text column whose lines look like TAP is read; other results are ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.pq import ExecStatus

_RESULT = re.compile(r"^(?P<verdict>ok|not ok)\b\s*\d*\s*-?\s*(?P<description>.*)$", re.DOTALL)
_PLAN = re.compile(r"^1\.\.(?P<count>\d+)(?P<rest>.*)$")
_TODO = re.compile(r"#\s*todo\b", re.IGNORECASE)
_LOOKS_LIKE_TAP = re.compile(r"^(ok\b|not ok\b|#|\d+\.\.\d+|\s*$|Bail out!)")


@dataclass(slots=True)
class TapReport:
    """What a TAP stream said: ``planned`` None when it never gave a plan."""

    planned: int | None = None
    passed: int = 0
    failures: list[str] = field(default_factory=list)
    is_skipped: bool = False

    @property
    def ran(self) -> int:
        """How many assertions ran, failed ones included."""
        return self.passed + sum(1 for failure in self.failures if failure.startswith("not ok"))

    @property
    def problem(self) -> str | None:
        """Everything that is wrong, one item per line group; None when all is well."""
        problems = list(self.failures)
        if self.planned is None:
            problems.append("no plan: the file does not SELECT plan(n) or no_plan()")
        elif self.planned != self.ran and not self.is_skipped:
            problems.append(f"planned {self.planned} tests but ran {self.ran}")
        return "\n".join(problems) or None


def install_pgtap(connection: psycopg.Connection) -> None:
    """Create pgTAP and what our files share in the schema ``tap``, open to every role."""
    connection.execute("CREATE SCHEMA tap")
    connection.execute("CREATE EXTENSION pgtap SCHEMA tap")
    connection.execute("GRANT USAGE ON SCHEMA tap TO PUBLIC")
    connection.execute(Path(__file__).with_name("tap_helpers.sql").read_bytes())


def read_tap(lines: list[str]) -> TapReport:
    """Read TAP lines; the diagnostics after a failure belong to it."""
    report = TapReport()
    is_after_failure = False
    for line in lines:
        plan = _PLAN.match(line)
        result = _RESULT.match(line)
        if plan is not None:
            report.planned = int(plan["count"])
            report.is_skipped = "skip" in plan["rest"].lower()
            is_after_failure = False
        elif result is not None:
            is_after_failure = result["verdict"] == "not ok" and not _TODO.search(line)
            if is_after_failure:
                report.failures.append(line)
            else:
                report.passed += 1
        elif line.startswith("#") and is_after_failure:
            report.failures[-1] += "\n" + line
        elif line.startswith("Bail out!"):
            report.failures.append(line)
    return report


def run_pgtap(dsn: str, script: str) -> TapReport:
    """Run one file in a session of its own. An SQL error is a failure that tells its line."""
    lines: list[str] = []
    error: str | None = None
    with psycopg.connect(dsn, autocommit=True) as connection:
        pgconn = connection.pgconn
        pgconn.send_query(script.encode())
        while (result := pgconn.get_result()) is not None:
            if result.status == ExecStatus.TUPLES_OK and result.nfields == 1:
                for row in range(result.ntuples):
                    text = (result.get_value(row, 0) or b"").decode()
                    if _LOOKS_LIKE_TAP.match(text):
                        lines.extend(text.splitlines())
            elif result.status == ExecStatus.FATAL_ERROR:
                error = _describe(result, script)
    report = read_tap(lines)
    if error is not None:
        last = next((line for line in reversed(lines) if line.startswith(("ok", "not ok"))), "none")
        report.failures.append(f"{error}\n(last test before the error: {last})")
    return report


def _describe(result: psycopg.pq.abc.PGresult, script: str) -> str:
    fields = psycopg.pq.DiagnosticField
    parts = {
        name: (result.error_field(code) or b"").decode()
        for name, code in (
            ("sqlstate", fields.SQLSTATE),
            ("message", fields.MESSAGE_PRIMARY),
            ("detail", fields.MESSAGE_DETAIL),
            ("context", fields.CONTEXT),
            ("position", fields.STATEMENT_POSITION),
        )
    }
    text = f"ERROR {parts['sqlstate']}: {parts['message']}"
    if parts["position"]:
        line = script.count("\n", 0, int(parts["position"]) - 1) + 1
        text += f" (line {line})"
    for name in ("detail", "context"):
        if parts[name]:
            text += f"\n  {name}: {parts[name]}"
    return text
