"""What messages say, and that no name, however hostile, makes them say anything else."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import json
import re
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hha.bridge.channels import CHANNELS, alertmanager, slack
from hha.bridge.channels.contract import Message
from hha.bridge.channels.letter import letter
from hha.bridge.channels.notice import Notice, notice_of
from hha.bridge.channels.samples import BARE, DIGEST, FULL, RESOLVED
from hha.bridge.channels.wording import gsm, gsm_length, moment, one_line, paragraphs, span
from hha.bridge.channels.writer import TEMPLATES, Writer
from hha.bridge.section import Section

NOW = datetime(2026, 3, 2, 9, 22, 30, tzinfo=UTC)
NAMES = tuple(path.name for path in TEMPLATES.iterdir())
LINK = "https://monitor.example.org/agents/{agent_id}?incident={incident_id}&alert={alert_id}"
SENDER = Address("HeartbeatHealthAgent", "hha", "example.org")
RECIPIENT = Address("", "ops", "example.org")

HOSTILE = [
    "<script>alert(1)</script>",
    "<!channel> <!here> <@U012AB3CD> <https://evil.example|login>",
    "a\r\nBcc: everybody@example.org\r\n\r\nbody",
    "\u202egnp.exe \u2066 \u200e \x00\x1b[31m\x7f",
    "אבג שלום",
    "{{ 7 * 7 }}{% for %}{# #}",
    "&amp; &lt;b&gt; `code` *bold* _it_ ~no~ @channel #general",
    "é" * 100,
    "🔥" * 50,
    "x" * 200,
    "^{}\\[~]|€" * 20,
]
hostile = (
    st.sampled_from(HOSTILE)
    | st.text(max_size=200)
    | st.lists(
        st.sampled_from([*HOSTILE, "<", ">", "&", '"', "'", "\n", "\r", "\u2028", "\u202e", "|"]),
        max_size=4,
    ).map("".join)
)


def writer(folder: Path | None = None, link_url: str = LINK) -> Writer:
    values = {"link_url": link_url} | ({"template_dir": str(folder)} if folder else {})
    return Writer.read(Section(values, source=Path("/bridge.toml"), path="channels.c"), *NAMES)


WRITER = writer()


def with_texts(message: Message, text: str) -> Message:
    """The message with the text in every place where there was one from outside."""

    def put(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: put(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [put(item, key) for item in value]
        is_fact = key.endswith("_at") or key in ("event", "at", "state")
        return value if is_fact or not isinstance(value, str) else text

    return dataclasses.replace(
        message,
        subject=text,
        body=f"{text}\n{text}",
        agent_ids=(text,) * len(message.agent_ids),
        details=put(message.details),
        idempotency_key=text,
    )


def filled(name: str, message: Message) -> str:
    return WRITER.write(name, WRITER.notice(message, NOW))


# --- what they say ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["message.txt.j2", "slack.mrkdwn.j2", "sms.txt.j2"])
def test_the_first_line_says_who_what_since_when_and_what_was_done(name: str) -> None:
    first = filled(name, FULL).splitlines()[0].replace("*", "")
    assert first.startswith("CRITICAL payments: does not answer")
    assert "since 09:20:10 UTC (2 min 20 s ago)" in first
    assert first.lower().endswith("restart failed; restart under way")


@pytest.mark.parametrize("name", ["message.txt.j2", "slack.mrkdwn.j2", "sms.txt.j2"])
def test_the_end_says_how_long_it_lasted(name: str) -> None:
    first = filled(name, RESOLVED).splitlines()[0].replace("*", "")
    assert first.startswith("RESOLVED payments: does not answer, lasted 2 min 16 s")
    assert "hha ack" not in filled(name, RESOLVED)


@pytest.mark.parametrize("name", ["message.txt.j2", "slack.mrkdwn.j2", "message.html.j2"])
def test_the_rest_says_why_and_how_to_acknowledge(name: str) -> None:
    text = filled(name, FULL)
    for words in (
        "77 → 0 of 100, good → critical, unresponsive",
        "$1,200 per hour",
        "heartbeat consistency",
        "46 of 100, contributes 10.3 (weight 0.20)",
        "restart failed, 09:21:42 UTC",
        "17 unresponsive (critical)",
        "hha ack 17",
        "SELECT health.acknowledge_alert(17, current_user);",
    ):
        assert words in text


def test_a_digest_names_agents_and_says_how_many_more() -> None:
    text = filled("message.txt.j2", DIGEST)
    assert text.startswith("CRITICAL 12 agents: does not answer\n")
    assert "- worker-3: does not answer (critical)\n- and 9 more" in text
    plain = dataclasses.replace(DIGEST, details={"event": "opened", "incident_count": 12})
    assert "- worker-12\n" in filled("message.txt.j2", plain)


@pytest.mark.parametrize(
    ("event", "label"),
    [
        ("opened", "CRITICAL payments"),
        ("escalated", "CRITICAL (escalated) payments"),
        ("reminder", "CRITICAL (reminder) payments"),
        ("recovery_failed", "CRITICAL (recovery failed) payments"),
        ("truth", "CRITICAL (as it stands) payments"),
        ("unheard of", "CRITICAL payments"),
    ],
)
def test_the_first_word_says_what_kind_of_message_it_is(event: str, label: str) -> None:
    message = dataclasses.replace(FULL, details={**FULL.details, "event": event})
    assert filled("subject.txt.j2", message) == f"{label}: does not answer"


def test_the_truth_about_something_over_is_that_it_is_resolved() -> None:
    details = {**RESOLVED.details, "event": "truth"}
    assert filled("subject.txt.j2", dataclasses.replace(RESOLVED, details=details)).startswith(
        "RESOLVED payments"
    )


# What the database of the first release writes.
PLAIN = dataclasses.replace(
    FULL,
    details={
        "event": "opened", "agent_id": "payments", "agent_name": "payments", "incident_id": 12,
        "onset_at": "2026-03-02T09:20:10+00:00", "score": 0, "status": "critical",
        "liveness": "unresponsive", "summary": "does not answer",
    },
)  # fmt: skip


def test_without_alerts_the_incident_is_what_one_acknowledges() -> None:
    notice = notice_of(PLAIN, NOW)
    assert notice.acknowledge_command == ""
    assert "WHERE incident_id = 12 AND resolved_at IS NULL" in notice.acknowledge_sql
    assert notice.done == "", "nobody said whether anything was done"


def test_without_a_known_end_it_lasted_about_until_now_and_later_attempts_do_not_guess() -> None:
    message = dataclasses.replace(PLAIN, details={**PLAIN.details, "event": "resolved"})
    assert notice_of(message, NOW).lasted == "about 2 min 20 s"
    assert notice_of(dataclasses.replace(message, attempt=2), NOW).lasted == ""


def test_without_any_fact_subject_and_body_speak() -> None:
    assert filled("message.txt.j2", BARE).splitlines()[:4] == [
        "CRITICAL payments: does not answer",
        "",
        "Agent payments (payments)",
        "does not answer",
    ]


def test_no_action_yet_is_said_where_it_is_known() -> None:
    message = dataclasses.replace(FULL, details={**FULL.details, "actions": []})
    assert notice_of(message, NOW).done == "nothing done yet"


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*FULL.details, "resolved_at", "agents", "incident_count"]),
        junk | st.lists(st.dictionaries(st.sampled_from(["at", "state", "alert_id"]), junk)),
    ),
    st.booleans(),
)
def test_details_of_any_shape_are_told_somehow(details: dict[str, object], is_bare: bool) -> None:
    message = dataclasses.replace(FULL, details=details if is_bare else {**FULL.details, **details})
    for name in NAMES:
        assert filled(name, message)
    assert slack.form(WRITER, message)
    assert alertmanager.form(WRITER, {}, timedelta(hours=1), message)


# --- names that would do harm ----------------------------------------------------------------


@settings(deadline=None)
@given(hostile)
@example(HOSTILE[2])
def test_a_letter_has_the_headers_it_should_whatever_the_name(name: str) -> None:
    for message in (FULL, RESOLVED, DIGEST, BARE):
        content = letter(WRITER, SENDER, [RECIPIENT], with_texts(message, name)).as_bytes(
            policy=email.policy.SMTP
        )
        found = cast(EmailMessage, email.message_from_bytes(content, policy=email.policy.default))
        threaded = {"In-Reply-To", "References"} if "incident_id" in message.details else set()
        assert set(found.keys()) == threaded | {
            "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
            "Content-Type",
        }  # fmt: skip
        assert str(found["To"]) == "ops@example.org"
        assert found["Subject"].isprintable() or "\u2068" in found["Subject"]
        assert re.fullmatch(r"<[A-Za-z0-9_.-]{1,60}@example\.org>", str(found["Message-ID"]))
        assert [part.get_content_type() for part in found.iter_parts()] == [
            "text/plain",
            "text/html",
        ]


class Tags(HTMLParser):
    """The tags, attributes and words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        assert all((value or "").startswith("https://monitor.") for key, value in attrs
                   if key == "href")  # fmt: skip

    def handle_data(self, data: str) -> None:
        self.words += data


def tags_of(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    return tags


@settings(deadline=None)
@given(hostile)
def test_html_has_the_same_tags_whatever_the_name(name: str) -> None:
    for message in (FULL, RESOLVED, DIGEST):
        expected = tags_of(filled("message.html.j2", with_texts(message, "x")))
        found = tags_of(filled("message.html.j2", with_texts(message, name)))
        assert found.tags <= expected.tags
        assert found.attributes <= expected.attributes
        assert one_line(name, 200).rstrip("…") in " ".join(found.words.split()) or not name.strip()


def strings_in(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in strings_in(item)]


@settings(deadline=None)
@given(hostile)
def test_slack_is_given_no_mention_link_or_entity_of_a_name(name: str) -> None:
    for message in (FULL, RESOLVED, DIGEST, BARE):
        body = slack.form(WRITER, with_texts(message, name))["json"]
        for text in strings_in(json.loads(json.dumps(body))):
            if not text.startswith("https://monitor."):
                assert "<" not in text
                assert ">" not in text
                assert re.sub(r"&(amp|lt|gt);", "", text).count("&") == 0
        assert isinstance(body, dict)
        assert body["parse"] == "none"
        assert body["link_names"] is False
        for block in body["attachments"][0]["blocks"]:
            assert block["type"] == "actions" or block["text"]["verbatim"] is True


@settings(deadline=None)
@given(hostile)
def test_a_text_message_fits_and_still_says_since_when(name: str) -> None:
    for message in (FULL, DIGEST, BARE, RESOLVED):
        hurt = with_texts(message, name)
        text = WRITER.write_short("sms.txt.j2", WRITER.notice(hurt, NOW))
        assert gsm_length(text) <= 160
        assert gsm(text) == text
        assert "\n" not in text
        if message is FULL:
            assert "since 09:20:10 UTC (2 min 20 s ago)" in text
        if message is RESOLVED:
            assert "lasted 2 min 16 s" in text


@settings(deadline=None)
@given(hostile)
def test_plain_text_gets_no_line_and_no_control_character_from_a_name(name: str) -> None:
    for message in (FULL, RESOLVED, DIGEST):
        expected = filled("message.txt.j2", with_texts(message, "x"))
        found = filled("message.txt.j2", with_texts(message, name))
        assert all(letter.isprintable() or letter in "\n\u2068\u2069" for letter in found), (
            "isolating marks are the only ones, and they come in pairs"
        )
        assert found.count("\u2068") == found.count("\u2069")
        if one_line(name, 200).strip():
            assert found.count("\n") == expected.count("\n")


def test_a_name_from_right_to_left_is_set_apart() -> None:
    message = with_texts(FULL, HOSTILE[4])
    assert f"CRITICAL \u2068{HOSTILE[4]}\u2069: " in filled("subject.txt.j2", message)


@settings(deadline=None)
@given(hostile)
def test_a_link_keeps_its_host_and_its_names_apart(name: str) -> None:
    link = WRITER.link(with_texts(FULL, name))
    assert re.fullmatch(
        r"https://monitor\.example\.org/agents/[A-Za-z0-9_.~%-]*\?incident=12&alert=17", link
    )


@settings(deadline=None)
@given(hostile)
def test_alertmanager_gets_the_name_itself_as_label(name: str) -> None:
    (alert,) = cast(
        list[dict[str, Any]],
        alertmanager.form(WRITER, {"alertname": "A"}, timedelta(hours=1),
                          with_texts(FULL, name))["json"],
    )  # fmt: skip
    assert alert["labels"] == {"alertname": "A", "agent_id": name, "severity": "critical"}
    assert alert["annotations"]["summary"].startswith("CRITICAL")


# --- templates of a user ---------------------------------------------------------------------


def test_one_template_may_be_replaced_and_escaping_stays(tmp_path: Path) -> None:
    (tmp_path / "slack.mrkdwn.j2").write_text("Wake up: {{ agent }}\n{{ link|safe }}")
    own = writer(tmp_path)
    text = own.write("slack.mrkdwn.j2", own.notice(with_texts(FULL, "<!here>"), NOW))
    assert text.startswith("Wake up: &lt;!here&gt;\nhttps://monitor.example.org/")
    assert (
        own.write("subject.txt.j2", own.notice(FULL, NOW)) == "CRITICAL payments: does not answer"
    )


def test_a_template_that_fails_at_night_gives_way_to_the_shipped_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Fine for every sample, and yet it fails for this message.
    (tmp_path / "sms.txt.j2").write_text("{{ 1 // (liveness != 'late') }} on call")
    own = writer(tmp_path)
    message = dataclasses.replace(FULL, details={**FULL.details, "liveness": "late"})
    assert own.write_short("sms.txt.j2", own.notice(message, NOW)).startswith("CRITICAL payments")
    assert own.write_short("sms.txt.j2", own.notice(FULL, NOW)) == "1 on call"
    assert "template failed" in caplog.text


# --- words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 s"), (0, "0 s"), (59.4, "59 s"), (60, "1 min"), (192, "3 min 12 s"),
        (3_600, "1 h"), (7_505, "2 h 5 min"), (86_400, "1 d"), (3 * 86_400 + 4 * 3_600, "3 d 4 h"),
    ],
)  # fmt: skip
def test_spans_are_told_in_two_units_at_most(seconds: float, expected: str) -> None:
    assert span(seconds) == expected


def test_times_far_away_have_their_date() -> None:
    assert moment(NOW, NOW + timedelta(hours=2)) == "09:22:30 UTC"
    assert moment(NOW, NOW + timedelta(days=1)) == "2026-03-02 09:22:30 UTC"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("naïve — “façade”…", 'naive - "facade"...'),
        ("Zürich → Malmö", "Zürich > Malmö"),
        ("\uff46ull \ufb01t", "full fit"),
        ("файл 🔥", "???? ?"),
    ],
)
def test_text_messages_are_spelled_in_their_own_alphabet(text: str, expected: str) -> None:
    assert gsm(text) == expected


def test_paragraphs_are_cut_between_lines() -> None:
    assert paragraphs("a\n\nb\nc\n\n\nd", 100) == ["a", "b\nc", "d"]
    assert paragraphs("aaa\nbbb\ncc", 7) == ["aaa\nbbb", "cc"]


# --- the page about them ---------------------------------------------------------------------


def test_the_documentation_shows_what_is_really_sent() -> None:
    page = (Path(__file__).parents[3] / "docs" / "messages.md").read_text(encoding="utf-8")
    shown = re.findall(r"```(?:text|json)\n(.*?)\n```", page, flags=re.DOTALL)
    texts = [filled("message.txt.j2", message) for message in (FULL, RESOLVED)]
    short = [
        WRITER.write_short("sms.txt.j2", WRITER.notice(message, NOW))
        for message in (FULL, RESOLVED, DIGEST)
    ]
    payload = slack.form(WRITER, FULL, NOW)["json"]
    assert shown == [*texts, "\n".join(short), json.dumps(payload, indent=2, ensure_ascii=False)]
    for name in (*NAMES, *CHANNELS, *(item.name for item in dataclasses.fields(Notice))):
        assert f"`{name}`" in page, name
