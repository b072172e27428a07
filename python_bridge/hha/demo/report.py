"""The demo's result: one row per fault, one column per step, each with the row that proves it."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hha.demo.faults import FAULTS
from hha.demo.messages import Told, unheard
from hha.demo.receivers import RECEIVERS
from hha.demo.run import Outcome
from hha.demo.trace import STEPS, Trace

COLUMNS = {
    "detected": "detected after",
    "alert": "alert after",
    "message delivered": "message delivered after",
    "restart executed": "restart executed after",
    "verified": "verified after",
}


def _cell(item: Trace, step: str) -> Text:
    after = item.seconds(step)
    if after is None:
        return Text("never", style="bold red")
    return Text(f"{after:.2f} s\n{item.proofs[step].row}")


def outcome_table(traces: list[Trace]) -> Table:
    """Times are the database's; under each stands its evidence in schema health."""
    table = Table(
        title="Faults and their cures",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_lines=True,
    )
    table.add_column("fault", min_width=max(len(fault.agent_id) for fault in FAULTS))
    table.add_column("injected at")
    for step in STEPS:
        table.add_column(COLUMNS[step], justify="right")
    for item in traces:
        injection = item.injection
        table.add_row(
            Text(f"{injection.fault.name}\n{injection.fault.agent_id}"),
            f"{injection.injected_at:%H:%M:%S.%f}"[:-3],
            *(_cell(item, step) for step in STEPS),
        )
    return table


def _messages_cell(messages: list[Told], receiver: str) -> Text:
    lines = [f"{item.event} {item.seconds:.2f} s" for item in messages if item.receiver == receiver]
    if receiver in unheard(messages):
        return Text("\n".join(["no page", *lines]), style="bold red")
    return Text("\n".join(lines))


def message_table(outcome: Outcome) -> Table:
    """What arrived at each local receiver, and how long after the fault."""
    table = Table(
        title="Messages that arrived, by seconds after the fault",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_lines=True,
    )
    table.add_column("fault", min_width=max(len(fault.agent_id) for fault in FAULTS))
    for receiver in RECEIVERS:
        table.add_column(receiver, justify="right")
    for item, messages in zip(outcome.traces, outcome.told, strict=True):
        cells = [_messages_cell(messages, receiver) for receiver in RECEIVERS]
        table.add_row(Text(item.injection.fault.agent_id), *cells)
    return table


def verdict(outcome: Outcome) -> list[str]:
    """What went wrong, or one line that says that nothing did."""
    lines = [
        f"not shown: {item.injection.fault.name}: {', '.join(item.missing)}"
        for item in outcome.traces
        if item.missing
    ]
    lines += [
        f"not told: {item.injection.fault.name}: no page arrived at {', '.join(unheard(messages))}"
        for item, messages in zip(outcome.traces, outcome.told, strict=True)
        if unheard(messages)
    ]
    lines += [f"wrong: {fact}" for fact in outcome.wrong_restarts]
    lines += [f"not well at the end: {fact}" for fact in outcome.unwell]
    lines += [f"disturbed: {fact}" for fact in outcome.disturbed]
    if outcome.is_success:
        lines.append(
            "every fault was detected, recovered and verified, its page arrived by Slack, email and"
            " SMS; nobody else was disturbed"
        )
    return lines


def show(outcome: Outcome, console: Console) -> None:
    """Print table and verdict; at least 140 columns wide where the output is no terminal."""
    if not console.is_terminal:
        console.width = max(console.width, 140)
    console.print(outcome_table(outcome.traces))
    console.print(message_table(outcome))
    for line in verdict(outcome):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
