"""One line per message on standard output, in colour when that is a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from hha.bridge.channels.contract import DeliveryResult, Message
from hha.bridge.channels.wording import one_line
from hha.bridge.section import Section

_STYLES = {
    "info": "cyan",
    "warning": "yellow",
    "critical": "bold red",
    "emergency": "bold white on red",
}


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """A console has nothing to set."""

    secret_variables: frozenset[str] = frozenset()

    def build(self) -> ConsoleChannel:
        return ConsoleChannel(Console())


def parse(section: Section) -> ConsoleConfig:
    """Read the keys of a channel of kind 'console'."""
    return ConsoleConfig()


class ConsoleChannel:
    """Prints messages; delivered when written."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def send(self, message: Message) -> DeliveryResult:
        label = message.severity.upper()
        if self._console.is_terminal:
            line = Text.assemble(
                (label, _STYLES.get(message.severity, "bold")), " ", one_line(message.subject)
            )
        else:
            line = Text(f"{label} {one_line(message.subject)}")
        try:
            self._console.print(line, soft_wrap=True)
        except OSError as reason:
            return DeliveryResult("failed", {"reason": str(reason)})
        return DeliveryResult("delivered")

    async def close(self) -> None:
        return None
