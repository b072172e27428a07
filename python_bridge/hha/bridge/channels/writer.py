"""Turns messages into text by Jinja2 templates, files that a user may replace one by one.

What a value may do is decided by the name of the template: in `.html.j2` it is escaped as HTML,
in `.mrkdwn.j2` as Slack wants it, and everywhere it is one line without control characters.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import jinja2
from jinja2.runtime import Context

from hha.bridge.channels.contract import Message
from hha.bridge.channels.notice import Notice, notice_of
from hha.bridge.channels.posting import problem_of_url
from hha.bridge.channels.samples import SAMPLES
from hha.bridge.channels.wording import gsm, gsm_length, isolate, one_line
from hha.bridge.section import Section
from hha.errors import ConfigurationError

logger = logging.getLogger(__name__)

TEMPLATES = Path(__file__).with_name("templates")
_NO_LINK = "none"
_LINK_NAMES = ("agent_id", "incident_id", "alert_id")


@dataclass(frozen=True, slots=True)
class Writer:
    """Templates of one channel and where its links lead."""

    own: jinja2.Environment
    shipped: jinja2.Environment
    link_url: str

    @classmethod
    def read(cls, section: Section, *names: str) -> Writer:
        """Read `template_dir` and `link_url`, and try the templates of these names."""
        folder = section.file_path("template_dir", TEMPLATES)
        if folder != TEMPLATES:
            if not folder.is_dir():
                raise section.error("template_dir", f"{folder} is not a folder")
            if not any((folder / name).is_file() for name in names):
                known = ", ".join(names)
                raise section.error("template_dir", f"{folder} has none of the templates {known}")
        link_url = section.text("link_url", _NO_LINK)
        link_url = "" if link_url == _NO_LINK else link_url
        writer = cls(_environment(folder, TEMPLATES), _environment(TEMPLATES), link_url)
        if link_url and (problem := problem_of_url(writer.link(SAMPLES[0]))):
            raise section.error("link_url", problem)
        for name in names:
            writer.check(name, section)
        return writer

    def check(self, name: str, section: Section) -> None:
        """Render samples; raises ConfigurationError with file, line and reason."""
        for sample in SAMPLES:
            try:
                self._fill(self.own, name, self.notice(sample))
            except Exception as reason:  # noqa: BLE001  a template may fail in any way
                line = getattr(reason, "lineno", None) or _line_of(reason, name)
                raise _template_error(section, name, line, reason) from None

    def notice(self, message: Message, now: datetime | None = None) -> Notice:
        """The facts of a message, as of now."""
        return notice_of(message, now or datetime.now(UTC), self.link(message))

    def link(self, message: Message) -> str:
        """The page of a message: `link_url` with its {names} filled in."""
        facts = notice_of(message, datetime.now(UTC))
        alert_ids = [alert.alert_id for alert in facts.alerts if alert.alert_id is not None]
        values = (facts.agent_id, facts.incident_id, alert_ids[0] if alert_ids else None)
        link = self.link_url
        for name, value in zip(_LINK_NAMES, values, strict=True):
            link = link.replace(f"{{{name}}}", "" if value is None else quote(str(value), safe=""))
        return link

    def write(self, name: str, notice: Notice, **changes: str) -> str:
        """Fill in a template. `changes` take the place of facts.

        A template of the user's that fails at night loses no page: the shipped one steps in.
        """
        try:
            return self._fill(self.own, name, notice, **changes)
        except Exception:
            logger.exception("template failed", extra={"action": "template", "template": name})
            return self._fill(self.shipped, name, notice, **changes)

    def write_line(self, name: str, notice: Notice) -> str:
        """The same as one line, such as the subject of a letter."""
        return " ".join(self.write(name, notice).split())

    def write_short(self, name: str, notice: Notice, places: int = 160) -> str:
        """The same for a telephone: names and summaries are cut until the rest fits."""
        text = ""
        for width in (200, 80, 60, 40, 30, 20, 12):
            agent, what = one_line(gsm(notice.agent), width), one_line(gsm(notice.what), width)
            filled = self.write(name, notice, agent=agent, what=what)
            text = " ".join(gsm(filled).split())
            if gsm_length(text) <= places:
                return text
        while gsm_length(text) > places:
            text = text[:-1]
        return text

    @staticmethod
    def _fill(environment: jinja2.Environment, name: str, notice: Notice, **changes: str) -> str:
        facts = {item.name: getattr(notice, item.name) for item in fields(Notice)}
        text = environment.get_template(name).render(facts | changes).strip()
        return re.sub(r"\n{3,}", "\n\n", text)


def escape_mrkdwn(text: str) -> str:
    """Slack's three entities: without them a name like <!channel> calls everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@jinja2.pass_context
def _finish(context: Context, value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, jinja2.Undefined) or hasattr(value, "__html__"):  # |safe gives the latter
        return value
    text = isolate(one_line(str(value)))
    return escape_mrkdwn(text) if (context.name or "").endswith(".mrkdwn.j2") else text


def _environment(*folders: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=jinja2.select_autoescape(["html.j2"], default=False),
        finalize=_finish,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["number"] = _number
    return environment


def _number(value: float | None, digits: int = 0) -> str:
    return "unknown" if value is None else f"{value:,.{digits}f}"


def _line_of(reason: BaseException, name: str) -> int | None:
    trace, line = reason.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(name):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _template_error(
    section: Section, name: str, line: int | None, reason: Exception
) -> ConfigurationError:
    where = f"{name}, line {line}" if line else name
    return section.error("template_dir", f"{where}: {reason or type(reason).__name__}")
