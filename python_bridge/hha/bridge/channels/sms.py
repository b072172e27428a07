"""Text messages through Twilio's REST API, or one that speaks it: 160 places that any phone shows.

One channel is one telephone, so that a repeated attempt reaches nobody who has it already.
"""

from __future__ import annotations

import functools
import json
import re

from hha.bridge.channels.contract import Message
from hha.bridge.channels.posting import PostConfig, read_timeout, read_url
from hha.bridge.channels.writer import Writer
from hha.bridge.section import Section

TEMPLATE = "sms.txt.j2"
_NUMBER = re.compile(r"\+[1-9][0-9]{5,14}")
_SENDER = re.compile(r"\+[1-9][0-9]{5,14}|[A-Za-z0-9 ]{1,11}")


def parse(section: Section) -> PostConfig:
    """Read the keys of a channel of kind 'sms'."""
    base = read_url(section, "base_url", "https://api.twilio.com").rstrip("/")
    account, token = section.text("account_sid"), section.secret("auth_token")
    if not account.isascii() or not account.isalnum():
        raise section.error("account_sid", f"{account!r} is not letters and digits")
    if token is None:
        raise section.error("auth_token", "is missing: give auth_token_env or auth_token_file")
    to = section.text("to")
    if not _NUMBER.fullmatch(to):
        raise section.error("to", f"{to!r} is not a number such as +15550100")
    if section.has("from") == section.has("messaging_service_sid"):
        raise section.error("from", "give either from or messaging_service_sid")
    if section.has("messaging_service_sid"):
        sender = {"MessagingServiceSid": section.text("messaging_service_sid")}
    else:
        sender = {"From": section.text("from")}
        if not _SENDER.fullmatch(sender["From"]):
            problem = "is neither a number such as +15550100 nor 1 to 11 letters"
            raise section.error("from", f"{sender['From']!r} {problem}")
    writer, timeout_seconds = Writer.read(section, TEMPLATE), read_timeout(section)
    return PostConfig(
        f"{base}/2010-04-01/Accounts/{account}/Messages.json",
        timeout_seconds,
        functools.partial(form, writer, {"To": to, **sender}, (account, token)),
        frozenset(section.secret_variables),
        explain,
    )


def form(
    writer: Writer, numbers: dict[str, str], auth: tuple[str, str], message: Message
) -> dict[str, object]:
    """What to post."""
    text = writer.write_short(TEMPLATE, writer.notice(message))
    return {"data": {**numbers, "Body": text}, "auth": auth}


def explain(answer: bytes) -> dict[str, object]:
    """Twilio's number of the error, such as 21211: To is not a valid number."""
    try:
        code = json.loads(answer)["code"]
    except (ValueError, KeyError, TypeError):
        return {}
    return {"twilio_error": code} if isinstance(code, int) else {}
