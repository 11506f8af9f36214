"""A page in a chat: blocks that mention nobody, within what Slack takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.channels import PageTemplate, SlackChannel
from aiops.domain.errors import BadConfiguration, Unavailable
from aiops.response.slack import LONGEST_HEADER, LONGEST_SECTION, Slack, blocks, escape
from tests.aiops.response.messages import a_message
from tests.aiops.response.receivers import http_receiver


def parts(**page: Any) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Header, section and notification text of a message."""
    made: Any = blocks(a_message(**page))
    header, section = made["blocks"]
    return header, section, made["text"]


def test_a_page_is_a_header_and_a_text_under_its_key() -> None:
    with http_receiver() as receiver:
        receiver.answer = lambda _: (200, {}, b"ok")
        channel = Slack(SlackChannel(name="chat", url=receiver.url))
        assert channel.deliver(a_message("chat")) == channel.deliver(a_message("chat")) == "answered 200"
    first, again = receiver.got
    assert first.json == again.json
    header, section = first.json["blocks"]
    assert header["block_id"] == "page-1-chat"
    assert header["text"]["text"].startswith("CRITICAL #1 db: connection refused")
    assert "https://aiops.example.org/incidents/incident-1" in section["text"]["text"]


def test_what_senders_wrote_mentions_nobody_and_links_nowhere() -> None:
    header, section, text = parts(title="<!channel> <@U1> <http://evil.example|click> & more")
    assert header["text"]["type"] == "plain_text"
    for shown in (section["text"]["text"], text):
        assert "<" not in shown
        assert "&lt;!channel&gt;" in shown


def test_the_operators_own_words_may_be_mrkdwn() -> None:
    template = PageTemplate(name="bold", subject="{{ title }}", body="*{{ severity }}* {{ title }} <!here>")
    _, section, _ = parts(template=template, title="a < b")
    assert section["text"]["text"] == "*critical* a &lt; b <!here>"


@given(st.text(max_size=4_000))
def test_it_stays_within_what_slack_takes_and_no_escape_is_cut(title: str) -> None:
    template = PageTemplate(name="t", subject="{{ title }}", body="{% for one in services %}{{ one }}{% endfor %}")
    header, section, _ = parts(title=title or "x", template=template)
    assert len(header["text"]["text"]) <= LONGEST_HEADER
    assert len(section["text"]["text"]) <= LONGEST_SECTION


def test_a_long_text_is_not_cut_within_an_escape() -> None:
    template = PageTemplate(name="t", subject="s", body="{{ title }}" * 20)
    for more in range(6):
        _, section, _ = parts(title="x" * more + "<" * 400, template=template)
        assert section["text"]["text"].replace("&lt;", "").strip("x…") == ""


def test_an_answer_that_names_what_is_wrong_is_passed_on() -> None:
    with http_receiver() as receiver:
        receiver.answer = lambda _: (404, {}, b"no_service")
        with pytest.raises(BadConfiguration, match="answered 404 \\(no_service\\)"):
            Slack(SlackChannel(name="chat", url=receiver.url)).deliver(a_message())


def test_a_channel_that_is_too_busy_says_when() -> None:
    with http_receiver() as receiver:
        receiver.answer = lambda _: (429, {"Retry-After": "30"}, b"")
        with pytest.raises(Unavailable) as busy:
            Slack(SlackChannel(name="chat", url=receiver.url)).deliver(a_message())
    assert busy.value.retry_after == 30


def test_only_three_letters_are_escaped() -> None:
    assert escape("a & b <c> *d* _e_") == "a &amp; b &lt;c&gt; *d* _e_"
