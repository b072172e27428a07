"""Slack's incoming webhooks: a headline, and beside a bar in the severity's colour the blocks.

The blocks are slack_sdk's, which knows their limits; they are posted as every other channel posts,
so that time-outs, 429 and cancelling work alike. Slack drops no twins by itself: the
`Idempotency-Key` is there for proxies and logs.
"""

from __future__ import annotations

import functools
import re
from datetime import datetime

from slack_sdk.models.attachments import BlockAttachment
from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, SectionBlock
from slack_sdk.models.blocks.basic_components import MarkdownTextObject

from hha.bridge.channels.contract import Message
from hha.bridge.channels.posting import PostConfig, read_secret_url, read_timeout
from hha.bridge.channels.wording import paragraphs
from hha.bridge.channels.writer import Writer
from hha.bridge.section import Section

TEMPLATE = "slack.mrkdwn.j2"
COLOURS = {"info": "2f6fab", "warning": "e0a100", "critical": "d7263d", "emergency": "7b0828"}
RESOLVED_COLOUR = "2eb67d"
_LONGEST_TEXT, _MOST_BLOCKS = 2_900, 45


def parse(section: Section) -> PostConfig:
    """Read the keys of a channel of kind 'slack'."""
    url, timeout_seconds = read_secret_url(section), read_timeout(section)
    request = functools.partial(form, Writer.read(section, TEMPLATE))
    variables = frozenset(section.secret_variables)
    return PostConfig(url, timeout_seconds, request, variables, explain)


def form(writer: Writer, message: Message, now: datetime | None = None) -> dict[str, object]:
    """What to post. Nothing in it mentions anybody or turns plain words into links."""
    notice = writer.notice(message, now)
    headline, _, rest = writer.write(TEMPLATE, notice).partition("\n")
    blocks: list[Block] = [
        SectionBlock(text=MarkdownTextObject(text=text, verbatim=True))
        for text in paragraphs(rest, _LONGEST_TEXT)[:_MOST_BLOCKS]
    ]
    if notice.link:
        words = "Open" if notice.is_resolved else "Open and acknowledge"
        button = ButtonElement(text=words, url=notice.link, action_id="open")
        blocks.append(ActionsBlock(elements=[button]))
    colour = RESOLVED_COLOUR if notice.is_resolved else COLOURS.get(message.severity, "555555")
    attachment = BlockAttachment(blocks=blocks, color=f"#{colour}", fallback=headline)
    body = {"text": headline[:_LONGEST_TEXT], "parse": "none", "link_names": False}
    return {"json": body | ({"attachments": [attachment.to_dict()]} if blocks else {})}


def explain(answer: bytes) -> dict[str, object]:
    """Slack's own word for a refusal, such as invalid_token; anything else might hold secrets."""
    word = answer.decode("ascii", "replace").strip()
    return {"slack_error": word} if re.fullmatch(r"[a-z_]{1,60}", word) else {}
