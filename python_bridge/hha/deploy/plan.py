"""Reads sqitch.plan: changes and tags with the ids that sqitch computes for them.

An id is the SHA-1 of a text that holds the id of the change before, so that the last id stands
for the whole plan. URIs must be written in canonical form (lower-case scheme and host).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hha.errors import PlanError

_PUNCTUATION = "-!\"#$%&'()*+,./:;<=>?@[\\]^`{|}~"
_NAME = r"[^\s:@#\\]+"
_PRAGMA = re.compile(r"\s*%\s*([^\s=]+)\s*(?:=\s*(.+))?")
_ENTRY = re.compile(
    rf"""\s*
    (?: (?P<tag>@) | (?P<operator>[+-])\s* )?
    (?P<name>{_NAME}) \s+
    (?: \[ (?P<dependencies>[^]]*) \] \s* )?
    (?P<at>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ) \s*
    (?P<planner>[^<]+?) \s+ <(?P<email>[^>]+)>
    \s*""",
    re.VERBOSE,
)
_DEPENDENCY = re.compile(
    rf"""(?P<conflict>!)?
    (?: (?P<project>{_NAME}): )?
    (?: (?P<id>[0-9a-f]{{40}}) | (?P<change>{_NAME})?(?:@(?P<at_tag>{_NAME}))? )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Dependency:
    """A change that must (`is_conflict`: must not) be deployed. `project` None: the plan's own."""

    text: str
    is_conflict: bool
    project: str | None
    change: str | None
    tag: str | None
    change_id: str | None


@dataclass(frozen=True, slots=True)
class Tag:
    """A named point of the plan; `name` begins with @."""

    id: str
    name: str
    note: str
    planned_at: str
    planner_name: str
    planner_email: str


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the plan. `rework_tags`: the tags under which a later change of the same name
    keeps this one's scripts, most probable first; empty unless it was reworked."""

    id: str
    name: str
    project: str
    requires: tuple[Dependency, ...]
    conflicts: tuple[Dependency, ...]
    note: str
    planned_at: str
    planner_name: str
    planner_email: str
    tags: tuple[Tag, ...] = ()
    rework_tags: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.name, *(tag.name for tag in self.tags)))


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes in the order in which they are deployed."""

    project: str
    uri: str | None
    changes: tuple[Change, ...]

    def index(self, key: str) -> int:
        """Position of `change`, `change@tag`, `@tag`, `@HEAD` or an id; PlanError if unknown."""
        found = find(self.changes, key)
        if not found:
            raise PlanError(
                f'the plan has no change "{key}"', hint="Names are listed by `hha deploy --plan`."
            )
        if len(found) > 1:
            choices = ", ".join(f"{key}{self.changes[i].rework_tags[0]}" for i in found[:-1])
            raise PlanError(
                f'change "{key}" is in the plan {len(found)} times',
                hint=f"Name it with a tag: {choices}, {key}@HEAD.",
            )
        return found[0]


@dataclass(slots=True)
class _Draft:
    """What has been read so far."""

    pragmas: dict[str, str] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    tag_names: set[str] = field(default_factory=set)
    names_since_tag: set[str] = field(default_factory=set)


def read_plan(file: Path) -> Plan:
    """Read and check a plan file."""
    try:
        return parse_plan(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"cannot read the plan {file}: {error}") from error


def parse_plan(text: str, source: str = "sqitch.plan") -> Plan:
    """Parse a plan; PlanError names `source` and the line."""
    draft = _Draft()
    for number, line in enumerate(text.splitlines(), start=1):
        content, _, raw_note = line.partition("#")
        if not content.strip():
            continue
        try:
            if not draft.changes and (pragma := _PRAGMA.fullmatch(content.rstrip())):
                draft.pragmas[pragma[1]] = (pragma[2] or "").strip()
            else:
                _add_entry(draft, content, _unescape(raw_note))
        except PlanError as error:
            raise PlanError(f"{source}, line {number}: {error.message}") from None
    if "project" not in draft.pragmas:
        raise PlanError(f"{source}: the line %project=… is missing")
    return Plan(draft.pragmas["project"], draft.pragmas.get("uri"), tuple(draft.changes))


def find(changes: Sequence[Change], key: str) -> list[int]:
    """Positions that `key` may mean, in order of the plan."""
    name, _, tag = key.partition("@")
    last = len(changes) - 1
    if tag and tag != "HEAD":
        tagged = [i for i, c in enumerate(changes) if f"@{tag}" in (t.name for t in c.tags)]
        if not tagged:
            return []
        last = tagged[0]
    if tag and not name:
        return [last] if changes else []
    found = [i for i, c in enumerate(changes[: last + 1]) if name in (c.name, c.id)]
    return found[-1:] if tag else found


def _add_entry(draft: _Draft, content: str, note: str) -> None:
    entry = _ENTRY.fullmatch(content)
    if entry is None:
        raise PlanError("expected: name [dependencies] 2026-01-31T12:00:00Z Name <mail> # note")
    if "project" not in draft.pragmas:
        raise PlanError("the line %project=… must come first")
    name = entry["name"]
    _check_name(name)
    head = [f"project {draft.pragmas['project']}"]
    if uri := draft.pragmas.get("uri"):
        head.append(f"uri {uri}")
    planner = entry["planner"].strip()
    tail = [f"planner {planner} <{entry['email']}>", f"date {entry['at']}"]
    note_lines = ["", note] if note else []
    common = (note, entry["at"], planner, entry["email"])
    if entry["tag"]:
        if not draft.changes:
            raise PlanError(f'tag "@{name}" has no change before it')
        if f"@{name}" in draft.tag_names or "/" in name or entry["dependencies"] is not None:
            raise PlanError(f'tag "@{name}" is a duplicate, has a slash or has dependencies')
        change = draft.changes[-1]
        text = "\n".join([*head, f"tag @{name}", f"change {change.id}", *tail, *note_lines])
        tag = Tag(_digest("tag", text), f"@{name}", *common)
        draft.changes[-1] = replace(change, tags=(*change.tags, tag))
        draft.tag_names.add(f"@{name}")
        draft.names_since_tag.clear()
        return
    if entry["operator"] == "-":
        raise PlanError("changes that revert others (-) are not supported")
    if name in draft.names_since_tag:
        raise PlanError(f'change "{name}" is a duplicate; tag before you rework it')
    requires, conflicts = _dependencies(draft, entry["dependencies"] or "")
    lines = [*head, f"change {name}"]
    if draft.changes:
        lines.append(f"parent {draft.changes[-1].id}")
    lines += tail
    for title, sign, group in (("requires", "+", requires), ("conflicts", "-", conflicts)):
        lines += [title, *(f"  {sign} {one.text}" for one in group)] if group else []
    text = "\n".join([*lines, *note_lines])
    _mark_reworked(draft, name)
    draft.changes.append(
        Change(
            _digest("change", text), name, draft.pragmas["project"], requires, conflicts, *common
        )
    )
    draft.names_since_tag.add(name)


def _mark_reworked(draft: _Draft, name: str) -> None:
    """Tell the last change called `name`, if any, where its scripts are kept from now on."""
    earlier = find(draft.changes, name)
    if not earlier:
        return
    since = draft.changes[earlier[-1] :]
    tags = tuple(tag.name for change in reversed(since) for tag in change.tags)
    draft.changes[earlier[-1]] = replace(since[0], rework_tags=tags)


def _dependencies(
    draft: _Draft, text: str
) -> tuple[tuple[Dependency, ...], tuple[Dependency, ...]]:
    found: list[Dependency] = []
    for word in text.split():
        parts = _DEPENDENCY.fullmatch(word)
        if parts is None or not (parts["id"] or parts["change"] or parts["at_tag"]):
            raise PlanError(f'"{word}" is not a dependency')
        is_own = parts["project"] in (None, draft.pragmas["project"])
        key = parts["id"] or (parts["change"] or "") + (
            f"@{parts['at_tag']}" if parts["at_tag"] else ""
        )
        dependency = Dependency(
            text=key if is_own else f"{parts['project']}:{key}",
            is_conflict=bool(parts["conflict"]),
            project=None if is_own else parts["project"],
            change=parts["change"],
            tag=parts["at_tag"],
            change_id=parts["id"],
        )
        if dependency in found:
            raise PlanError(f'dependency "{word}" is a duplicate')
        is_named = is_own and not dependency.is_conflict and not parts["id"]
        if is_named and not find(draft.changes, key):
            raise PlanError(f'required change "{key}" is not planned before')
        found.append(dependency)
    return (
        tuple(one for one in found if not one.is_conflict),
        tuple(one for one in found if one.is_conflict),
    )


def _check_name(name: str) -> None:
    if name[0] in _PUNCTUATION or name[-1] in _PUNCTUATION or re.search(r"[~/=%^]\d+$", name):
        raise PlanError(f'"{name}" begins or ends in punctuation')
    if name in ("ROOT", "HEAD") or re.match(r"[0-9a-f]{40}", name):
        raise PlanError(f'"{name}" is a reserved name')


def _unescape(note: str) -> str:
    meaning = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
    return re.sub(r"\\[\\nr]", lambda match: meaning[match[0]], note.strip())


def _digest(kind: str, text: str) -> str:
    content = text.encode()
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()  # noqa: S324
