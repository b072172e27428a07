"""Words for people: clean lines, spans of time, and texts that any telephone shows."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

# GSM 03.38: what fits into 7 bits, and what takes two places.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_DOUBLE = frozenset("^{}\\[~]|€")
_GSM_INSTEAD = str.maketrans(
    {"→": ">", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "`": "'"}  # noqa: RUF001
)


def one_line(text: str, limit: int | None = None) -> str:
    """The text without line breaks, control and formatting characters, cut to a length.

    Those could forge lines, headers or colours, or turn the direction of what follows.
    """
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(line.split()) if limit else line
    return line if limit is None or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def isolate(text: str) -> str:
    """The text, set apart when it runs from right to left, so that it cannot reorder the rest."""
    if any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text):
        return f"\u2068{text}\u2069"
    return text


def span(seconds: float) -> str:
    """How long, in at most two units: '12 s', '3 min 12 s', '2 h 5 min', '3 d 4 h'."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part) or "0 s"


def ago(seconds: float) -> str:
    """How long ago, such as '3 min 12 s ago'."""
    return "just now" if seconds < 1 else f"{span(seconds)} ago"


def moment(at: datetime, now: datetime) -> str:
    """A time in UTC; with its date unless it is less than 20 hours from now."""
    is_near = abs((now - at).total_seconds()) < 72_000
    return at.astimezone(UTC).strftime("%H:%M:%S UTC" if is_near else "%Y-%m-%d %H:%M:%S UTC")


def gsm(text: str) -> str:
    """The text in the alphabet of text messages; what has no likeness there becomes '?'."""
    found = []
    for letter in text.translate(_GSM_INSTEAD):
        if letter in _GSM or letter in _GSM_DOUBLE:
            found.append(letter)
        elif letter.isprintable():
            likeness = unicodedata.normalize("NFKD", letter)
            plain = "".join(part for part in likeness if part in _GSM)
            if plain or not unicodedata.combining(letter):
                found.append(plain or "?")
    return "".join(found)


def gsm_length(text: str) -> int:
    """How many of a text message's 160 places the text takes."""
    return sum(2 if letter in _GSM_DOUBLE else 1 for letter in text)


def paragraphs(text: str, limit: int) -> list[str]:
    """The text cut at empty lines; paragraphs over a length also between their lines."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        block = ""
        for line in paragraph.splitlines():
            if block and len(block) + len(line) + 1 > limit:
                found.append(block)
                block = ""
            block = f"{block}\n{line}" if block else line[:limit]
        if block:
            found.append(block)
    return found
