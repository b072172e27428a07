"""Brings the schema into a database and out of it again, from the plan that sqitch reads.

What it leaves in the registry is what sqitch would have left, so that either tool can go on after
the other. `hha.deploy` needs no Perl and no psql.
"""

from __future__ import annotations

from hha.deploy.plan import Change, Plan, Tag, parse_plan, read_plan
from hha.deploy.runner import (
    Report,
    Status,
    Step,
    deploy,
    migrations_dir,
    revert,
    status,
    verify,
)

__all__ = [
    "Change",
    "Plan",
    "Report",
    "Status",
    "Step",
    "Tag",
    "deploy",
    "migrations_dir",
    "parse_plan",
    "read_plan",
    "revert",
    "status",
    "verify",
]
