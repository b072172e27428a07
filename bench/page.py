"""The page in a real browser: how soon 10,000 agents are seen, and what it costs while open.

Chromium, driven by Playwright, opens the fleet on a dashboard of its own process. The baseline of
the same run is a bare page of the same server (the sign-in form) and the question for the cells.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg

from common import Goal, Table, measure, parser, process_seconds, report, running, typical
from hha.dashboard import questions
from programs import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = "hha_bench_page"
RUNS = 7

AGENTS = """
INSERT INTO health.agents (agent_id, agent_name, agent_type, expected_interval)
SELECT 'agent-' || n, 'Agent ' || n, 'type-' || n %% 12, '30 seconds'
FROM generate_series(1, %s::integer) AS n
"""

#: One in fifty is in trouble.
BEATS = """
INSERT INTO health.agent_heartbeats (
    agent_id, state, error_count, work_items_processed, cpu_usage_percent,
    average_processing_time_ms
)
SELECT 'agent-' || n, CASE WHEN n %% 50 = 0 THEN 'error' ELSE 'running' END, 0, 1, 20 + n %% 80, 100
FROM generate_series(%s::integer, %s::integer) AS n
"""

#: When the browser had painted something, drawn the cells, and how much came over the wire.
SEEN = """() => {
    const entry = (name) => performance.getEntriesByName(name)[0]?.startTime ?? null;
    const all = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type));
    return {
        painted: entry("first-contentful-paint"), drawn: entry("hha:drawn"),
        bytes: all.reduce((sum, one) => sum + one.transferSize, 0),
    };
}"""

#: Types and chooses as a person would, and waits for what follows to be painted each time.
FILTERING = """async () => {
    const tasks = [];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
    observer.observe({ type: "longtask" });
    const form = document.getElementById("filters");
    const waits = [];
    const change = async (name, value) => {
        const began = performance.now();
        form[name].value = value;
        form[name].dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        waits.push(performance.now() - began);
    };
    const texts = ["a", "ag", "agent-1", "agent-12", "agent-1", "", "error", ""];
    for (const text of texts) await change("q", text);
    for (const group of ["type", "class", "status", "type", ""]) await change("group", group);
    for (const show of ["trouble", "excellent", ""]) await change("show", show);
    await new Promise((done) => setTimeout(done, 200));
    return { waits, tasks: tasks.map((task) => task.duration) };
}"""

HIDE = """() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def tree_seconds(pid: int) -> float:
    """Processor seconds of a process and all its living descendants."""
    total = 0.0
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total + sum(tree_seconds(int(child)) for child in children)


def questions_seconds(link: psycopg.Connection[Any]) -> float:
    """Processor seconds of the sessions through which the dashboard reads."""
    rows = link.execute(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'hha dashboard'"
    ).fetchall()
    return sum(process_seconds(pid) for (pid,) in rows)


def dashboard(port: int) -> list[str]:
    """The command of a dashboard that is open to all."""
    return [str(Path(sys.executable).with_name("hha")), "dashboard", "--open", "--port", str(port)]


@contextmanager
def beating(dsn: str, agents: int) -> Iterator[None]:
    """Every agent beats once in 30 seconds, and each second there is a tick."""
    over = threading.Event()

    def beat() -> None:
        with psycopg.connect(dsn, autocommit=True) as link:
            slice_of, number = max(1, agents // 30), 0
            while not over.wait(1.0):
                first = number * slice_of + 1
                link.execute(BEATS.encode(), (first, first + slice_of - 1))
                link.execute("CALL health.run_tick()")
                number = (number + 1) % 30

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def wait_until_seen(page: Any, what: str) -> dict[str, Any]:
    """What SEEN says once it has a time for ``what``. Its policy lets nobody wait inside a page."""
    for _ in range(600):
        found: dict[str, Any] = page.evaluate(SEEN)
        if found[what] is not None and found["painted"] is not None:
            return found
        time.sleep(0.1)
    sys.exit(f"the browser has not {what} anything in a minute")


def seen(browser: Any, url: str, *, is_fleet: bool) -> dict[str, Any]:
    """One visit with an empty cache; milliseconds since the navigation began."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(url)
    found = wait_until_seen(page, "drawn" if is_fleet else "painted")
    context.close()
    return found


def main() -> None:
    """First paint, cost while open, filtering."""
    options = parser(__doc__ or "").parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is missing; as root: ci/install_packages.sh browser")
    from playwright.sync_api import sync_playwright

    agents, seconds = (1_000, 5) if options.quick else (10_000, 30)
    paints: list[list[str]] = []
    idle: list[list[str]] = []
    figures: dict[str, Any] = {"agents": agents}
    with (
        running(options) as bench,
        bench.database(DATABASE),
        bench.connect(DATABASE) as link,
        listening(dashboard, HHA_DSN=bench.dsn(DATABASE)) as served,
        sync_playwright() as playwright,
    ):
        link.execute("CALL health.run_housekeeping()")
        link.execute(AGENTS.encode(), (agents,))
        for _ in range(3):
            link.execute(BEATS.encode(), (1, agents))
            link.execute("SELECT health.tick()")
        link.execute("VACUUM ANALYZE")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        question = typical(
            [
                measure(link, lambda: link.execute(questions.CELLS.encode()).fetchall())
                for _ in range(RUNS)
            ]
        )
        for name, path in (("bare page (sign-in)", "/sign-in"), ("fleet", "/")):
            visits = [seen(browser, served.url + path, is_fleet=path == "/") for _ in range(RUNS)]
            painted, drawn, size = (
                median(visit[key] or 0 for visit in visits) for key in ("painted", "drawn", "bytes")
            )
            figures[name] = {"painted_ms": painted, "drawn_ms": drawn, "bytes": size}
            paints.append(
                [
                    name,
                    f"{painted:,.0f} ms",
                    f"{drawn:,.0f} ms" if drawn else "-",
                    f"{size / 1000:,.0f} kB",
                ]
            )
        paints.append(
            ["the question for the cells alone", "-", f"{question.seconds * 1000:,.0f} ms", "-"]
        )
        figures["question_ms"] = question.seconds * 1000

        def cost(name: str) -> float:
            before = tree_seconds(served.pid), questions_seconds(link)
            time.sleep(seconds)
            page_share = (tree_seconds(served.pid) - before[0]) / seconds
            server_share = (questions_seconds(link) - before[1]) / seconds
            idle.append([name, f"{page_share:.1%}", f"{server_share:.1%}"])
            figures[name] = {"page": page_share, "server": server_share}
            return page_share + server_share

        cost("nobody looks, nothing beats")
        page = browser.new_page()
        page.goto(served.url)
        wait_until_seen(page, "drawn")
        time.sleep(2)
        open_share = cost("the fleet is open, nothing beats")
        filtering = page.evaluate(FILTERING)
        with beating(bench.dsn(DATABASE), agents):
            time.sleep(2)
            live = cost("the fleet is open, all beat each 30 s")
            page.evaluate(HIDE)
            time.sleep(6)
            cost("the tab is hidden, all beat each 30 s")
            page.close()
            time.sleep(6)
            cost("nobody looks, all beat each 30 s")
        browser.close()

        longest = max(filtering["waits"])
        figures["filtering"] = filtering
        drawn = figures["fleet"]["drawn_ms"]
        title = f"The fleet, {agents:,} agents"
        is_small = options.quick
        report(
            options,
            "page",
            bench,
            [
                Table(
                    f"{title}: first visit",
                    ["", "first paint", "cells drawn", "transferred"],
                    paints,
                ),
                Table(f"{title}: share of a core", ["", "dashboard", "its questions"], idle),
                Table(
                    f"{title}: searching, grouping, choosing",
                    ["changes", "median", "longest", "tasks over 50 ms"],
                    [
                        [
                            f"{len(filtering['waits'])}",
                            f"{median(filtering['waits']):,.0f} ms",
                            f"{longest:,.0f} ms",
                            f"{len(filtering['tasks'])}",
                        ]
                    ],
                ),
            ],
            [
                Goal(
                    "cells drawn on a first visit",
                    "≤ 1 s",
                    f"{drawn:,.0f} ms",
                    None if is_small else drawn <= 1000,
                ),
                Goal(
                    "an open page while nothing happens",
                    "≤ 2 % of a core",
                    f"{open_share:.1%}",
                    None if is_small else open_share <= 0.02,
                ),
                Goal(
                    "an open page while all beat",
                    "≤ 2 % of a core",
                    f"{live:.1%}",
                    None if is_small else live <= 0.02,
                ),
                Goal(
                    "a change of the filters until painted",
                    "≤ 100 ms",
                    f"{longest:,.0f} ms",
                    None if is_small else longest <= 100,
                ),
            ],
            figures,
        )


if __name__ == "__main__":
    main()
