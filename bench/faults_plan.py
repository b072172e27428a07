"""What goes wrong in bench/faults.py, where and when: drawn, so that a seed gives a plan again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

#: An agent's attempts in ten minutes; the engine asks a person instead of a fourth.
BUDGET, BUDGET_SECONDS = 3, 600.0
#: Between two faults of one agent: it must be well again, and people must have been told so.
APART_SECONDS = 75.0
#: So many faults may begin within ten seconds before or after another one: no storm.
CROWD, CROWD_SECONDS = 11, 10.0


@dataclass(frozen=True, slots=True)
class Role:
    """Agents of one sort: `count` in a full run, `few` in a quick one.

    Those that are plain send heartbeats and nothing else.
    """

    name: str
    interval: float
    has_session: bool
    count: int
    few: int


ROLES = (
    Role("attached", 1, True, 26, 9),
    Role("calm", 2, True, 14, 4),
    Role("plain", 1, False, 8, 3),
    Role("sedate", 5, False, 10, 3),
    Role("remote", 2, False, 8, 2),
    Role("rare", 30, False, 4, 1),
    Role("parent", 1, False, 3, 1),
)
CHILDREN = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault. `seconds`: how long its cause lasts, where no restart ends it."""

    name: str
    roles: tuple[str, ...]
    count: int
    few: int
    deserves_page: bool
    is_recoverable: bool
    is_restarted: bool
    seconds: tuple[float, float] = (0, 0)
    clear_seconds: float = 0


BROKEN, FLAPPING, LEAK = "broken", "flapping", "leak"
MOST = ("attached", "calm", "plain", "sedate")
KINDS = (
    Kind("kill", (*MOST, "rare"), 58, 4, True, True, True),
    Kind("hang", (*MOST, "rare"), 26, 2, True, True, True),
    Kind("deadlock", MOST, 14, 1, True, True, True),
    Kind("errors", MOST, 24, 2, True, True, True),
    Kind(LEAK, ("attached", "calm"), 8, 1, True, True, True, clear_seconds=60),
    Kind("slow-down", ("attached", "calm"), 6, 1, True, True, True, clear_seconds=60),
    Kind("network loss", ("remote",), 16, 2, True, False, True, (20, 30)),
    Kind("parent dies", ("parent",), 9, 1, True, True, True),
    Kind(BROKEN, MOST, 4, 0, True, False, True, (80, 100), 200),
    Kind(FLAPPING, MOST, 5, 1, True, False, True, (60, 60), 300),
    Kind("dead after maintenance", MOST, 4, 0, True, True, True, (20, 25), 40),
    Kind("hang in maintenance", MOST, 10, 1, False, False, False, (20, 25)),
    Kind("goodbye", MOST, 8, 1, False, False, True, (15, 20)),
    Kind("short hang", MOST, 24, 2, False, False, False),
)

#: The monitor's own troubles; for these nobody is to be accused.
BRIDGES_STOPPED, SERVER_STOPPED = "bridges stopped 65 s", "PostgreSQL stopped 60 s"
BRIDGE_KILLED, BACKEND_KILLED = "bridge killed", "backend killed, all restart"
SERVER_CRASH = "PostgreSQL killed"
BLIND_SECONDS = {BRIDGES_STOPPED: 65.0, SERVER_STOPPED: 60.0}
KILLED_WHILE_BLIND = "kill, monitor stopped"


@dataclass(slots=True)
class Fault:
    """One fault: planned, then what became of it. Times are seconds since the epoch."""

    kind: str
    agent: str
    at: float
    seconds: float
    deserves_page: bool
    is_recoverable: bool
    is_restarted: bool
    begin: float | None = None
    end: float | None = None
    page_from: float | None = None
    ill_from: float | None = None
    is_given_up: bool = False

    @property
    def is_monitors(self) -> bool:
        return not self.agent

    def truth(self) -> dict[str, object]:
        """A line of the truth file."""
        return {
            "fault": self.kind,
            "agent": self.agent,
            "begin": self.begin,
            "end": self.end,
            "deserves_page": self.deserves_page,
            "page_from": self.page_from if self.page_from is not None else self.begin,
            "ill_from": self.ill_from if self.kind == LEAK else self.begin,
            "recoverable": self.is_recoverable,
        }


@dataclass(frozen=True, slots=True)
class Agent:
    """One of the fleet."""

    name: str
    role: str
    interval: float
    has_session: bool
    parent: str | None = None


def fleet(*, is_quick: bool) -> list[Agent]:
    """All agents, children after their parents."""
    agents = []
    for role in ROLES:
        for number in range(role.few if is_quick else role.count):
            name = f"{role.name}-{number + 1}"
            agents.append(Agent(name, role.name, role.interval, role.has_session))
            if role.name == "parent":
                agents += [
                    Agent(f"child-{number + 1}-{child + 1}", "child", 1, child % 2 == 0, name)
                    for child in range(CHILDREN)
                ]
    return agents


def draw(agents: list[Agent], seconds: float, random: Random, *, is_quick: bool) -> list[Fault]:
    """A plan of so many seconds, in order of time."""
    faults = _monitors(seconds, is_quick=is_quick)
    blind = [
        (fault.at, fault.at + BLIND_SECONDS[fault.kind])
        for fault in faults
        if fault.kind in BLIND_SECONDS
    ]
    away = [
        (fault.at, fault.at + 5) for fault in faults if fault.kind in (BACKEND_KILLED, SERVER_CRASH)
    ]
    by_role: dict[str, list[str]] = {}
    for agent in agents:
        by_role.setdefault(agent.role, []).append(agent.name)
    for start, _ in blind:
        for name in random.sample(by_role["sedate"] + by_role["plain"], 2 if is_quick else 3):
            at = start + random.uniform(15, 35)
            faults.append(Fault(KILLED_WHILE_BLIND, name, at, 0, True, True, True))
    # What is hardest to place comes first.
    for kind in sorted(KINDS, key=lambda kind: -kind.clear_seconds):
        for _ in range(kind.few if is_quick else kind.count):
            # Who looks away for a moment does not see how often an agent changes.
            shut = blind + away if kind.name == FLAPPING and not is_quick else blind
            faults.append(_place(kind, faults, by_role, shut, seconds, random))
    return sorted(faults, key=lambda fault: fault.at)


def _monitors(seconds: float, *, is_quick: bool) -> list[Fault]:
    if is_quick:
        moments = [(BRIDGE_KILLED, 0.3), (BACKEND_KILLED, 0.65)]
    else:
        moments = [(BRIDGE_KILLED, part / 100) for part in (5, 14, 23, 32, 63, 68, 92)]
        moments += [(BACKEND_KILLED, 0.18), (SERVER_CRASH, 0.28), (BACKEND_KILLED, 0.9)]
        moments += [(BRIDGES_STOPPED, 0.4), (SERVER_STOPPED, 0.75)]
    return [
        Fault(kind, "", part * seconds, BLIND_SECONDS.get(kind, 0), False, False, False)
        for kind, part in moments
    ]


def _place(
    kind: Kind,
    faults: list[Fault],
    by_role: dict[str, list[str]],
    blind: list[tuple[float, float]],
    seconds: float,
    random: Random,
) -> Fault:
    """One more fault, at a moment and of an agent that may have it."""
    candidates = [name for role in kind.roles for name in by_role.get(role, [])]
    for _ in range(20_000):
        # A fault lasts, and so does the proof that it is over: none begins at the very end.
        at = random.uniform(0, seconds - 25 - kind.clear_seconds / 3)
        name = random.choice(candidates)
        lasting = random.uniform(*kind.seconds)
        if name.startswith("rare") and at > seconds / 3:
            continue
        if _fits(kind, name, at, lasting, faults, blind):
            return Fault(
                kind.name,
                name,
                at,
                lasting,
                kind.deserves_page,
                kind.is_recoverable,
                kind.is_restarted,
            )
    raise ValueError(f"no room for another '{kind.name}': another seed, more seconds or agents")


def _fits(
    kind: Kind,
    name: str,
    at: float,
    lasting: float,
    faults: list[Fault],
    blind: list[tuple[float, float]],
) -> bool:
    own = [fault for fault in faults if fault.agent == name]
    clear = APART_SECONDS + kind.clear_seconds
    if name.startswith("rare"):
        clear = 400
    clears = {each.name: each.clear_seconds for each in KINDS}
    clears[KILLED_WHILE_BLIND] = 140  # found out when the gap has settled
    if any(
        at - fault.at < APART_SECONDS + clears.get(fault.kind, 0) and fault.at - at < clear
        for fault in own
    ):
        return False
    near = [
        fault.kind for fault in own if abs(fault.at - at) < BUDGET_SECONDS and fault.is_restarted
    ]
    if kind.is_restarted and sum(map(_attempts, [*near, kind.name])) > BUDGET:
        return False
    before = 40 + lasting
    if any(start - before < at < end + 15 for start, end in blind):
        return False
    crowd = sum(abs(fault.at - at) < CROWD_SECONDS for fault in faults)
    return crowd < CROWD


def _attempts(kind: str) -> int:
    """What a fault takes of the agent's budget: where no start succeeds, all of it."""
    return BUDGET if kind == BROKEN else 1
