"""Letters over SMTP by aiosmtplib, one connection each."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from email.headerregistry import Address
from typing import Any

import aiosmtplib

from hha.bridge.channels.contract import DeliveryResult, Message
from hha.bridge.channels.letter import TEMPLATES, letter
from hha.bridge.channels.mail_answers import judged
from hha.bridge.channels.mail_settings import read_address, read_connection
from hha.bridge.channels.posting import read_timeout
from hha.bridge.channels.writer import Writer
from hha.bridge.section import Section

_QUIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class EmailConfig:
    """The mail server, how to speak to it, and the addresses. `connection` is for aiosmtplib."""

    connection: dict[str, Any] = field(repr=False)
    sender: Address
    recipients: tuple[Address, ...]
    timeout_seconds: float
    writer: Writer = field(repr=False)
    secret_variables: frozenset[str]

    def build(self) -> EmailChannel:
        return EmailChannel(self)


def parse(section: Section) -> EmailConfig:
    """Read the keys of a channel of kind 'email'."""
    return EmailConfig(
        read_connection(section),
        read_address(section, "from", section.text("from")),
        tuple(read_address(section, "to", text) for text in section.texts("to")),
        read_timeout(section),
        Writer.read(section, *TEMPLATES),
        frozenset(section.secret_variables),
    )


class EmailChannel:
    """Sends one letter to all recipients; delivered when one of them was accepted."""

    def __init__(self, config: EmailConfig) -> None:
        self._config = config

    async def send(self, message: Message) -> DeliveryResult:
        config = self._config
        # In a thread: a report is laid out on paper, which takes a while.
        content = await asyncio.to_thread(
            letter, config.writer, config.sender, config.recipients, message
        )
        client = aiosmtplib.SMTP(**config.connection, timeout=config.timeout_seconds)
        try:
            async with asyncio.timeout(config.timeout_seconds):
                await client.connect()
                refused, _ = await client.send_message(content)
            with contextlib.suppress(aiosmtplib.SMTPException):
                await client.quit(timeout=_QUIT_SECONDS)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as reason:
            return judged(reason, config.recipients)
        finally:
            client.close()  # a client left as a context would wait for the answer to QUIT
        return DeliveryResult("delivered", {"refused_recipients": len(refused)} if refused else {})

    async def close(self) -> None:
        return None
