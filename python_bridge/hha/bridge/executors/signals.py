"""Signals by name, as executors send them for 'reload'."""

from __future__ import annotations

import signal

from hha.bridge.section import Section

# SIGKILL and SIGSTOP cannot be handled: neither is a way to ask for a reload.
_CHOICES = sorted(
    number.name for number in signal.Signals if number not in (signal.SIGKILL, signal.SIGSTOP)
)


def parse_reload_signal(section: Section) -> signal.Signals:
    """The key `reload_signal`, by default SIGHUP."""
    return signal.Signals[section.choice("reload_signal", _CHOICES, default="SIGHUP")]
