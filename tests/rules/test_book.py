"""Verdicts and suppressions: which rule counts, until when, and how it is told."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.domain.acts import EndRule, EndSilence, LabelTemplate, PutRule, PutSilence, RejectRule, RuleAct
from aiops.domain.alerts import Alert, Verdict
from aiops.domain.documents import RULE_CHANGES, RULES, SILENCES
from aiops.domain.errors import AiopsError, BadInput, Conflict
from aiops.domain.events import Severity, Status
from aiops.domain.matching import Matcher, Operator, parse_matcher
from aiops.domain.reasons import Reason
from aiops.domain.records import Template
from aiops.domain.rules import Envelope, Rule, RuleStatus, Silence
from aiops.domain.settings import MutingSettings
from aiops.domain.timers import Timers
from rules.book import Book
from rules.signatures import Signatures
from tests.builders import T0, a_mute, an_alert, at

GOOD, BAD, UNKNOWN = Verdict.KNOWN_GOOD, Verdict.KNOWN_BAD, Verdict.UNKNOWN
NEXT_YEAR = T0 + timedelta(days=300)


def matchers(*texts: str) -> tuple[Matcher, ...]:
    return tuple(parse_matcher(text, "test") for text in texts)


def a_rule(rule_id: str = "r", verdict: Verdict = GOOD, *texts: str, **changes: Any) -> Rule:
    ends = {"expires": NEXT_YEAR} if verdict is GOOD else {"expires": None, "review": NEXT_YEAR}
    return a_mute(*texts, **{"id": rule_id, "verdict": verdict, "reason": "nightly backup", **ends, **changes})


def a_silence(silence_id: str = "s", *texts: str, start: float = 0, end: float = 3600) -> Silence:
    return Silence(
        id=silence_id,
        matchers=matchers(*(texts or ("service=db",))),
        owner="ana",
        reason="disk swap",
        starts_at=at(start),
        ends_at=at(end),
    )


def a_book(*items: Rule | Silence) -> Book:
    book = Book(MutingSettings(), Timers(), Signatures())
    for item in items:
        book.act(PutRule(rule=item) if isinstance(item, Rule) else PutSilence(silence=item), "ana", T0, {})
    return book


def judged(book: Book, alert: Alert | None = None, seconds: float = 10) -> Alert:
    return book.judge(alert or an_alert("db"), at(seconds), hit=True)


def test_an_alert_that_no_rule_knows_is_unknown_without_noise() -> None:
    alert = judged(a_book(a_rule("r", GOOD, "service=web")))
    assert (alert.verdict, alert.verdict_rule, alert.suppressed_by, alert.reasons) == (UNKNOWN, "", (), ())


def test_a_known_good_rule_suppresses_and_says_who_why_and_until_when() -> None:
    alert = judged(a_book(a_rule("nightly-backup-io", expires=T0.replace(hour=0) + timedelta(days=30))))
    assert (alert.verdict, alert.verdict_rule) == (GOOD, "nightly-backup-io")
    assert alert.reasons[-1].text == "known good by rule nightly-backup-io (noc): nightly backup; until 2026-04-01"
    (suppression,) = alert.suppressed_by
    assert (suppression.kind, suppression.id) == ("rule", "nightly-backup-io")
    assert suppression.text == "muted by noc until 2026-04-01: nightly backup"


def test_a_suppressed_alert_still_fires_and_still_resolves() -> None:
    book = a_book(a_rule())
    assert judged(book).status is Status.FIRING
    assert judged(book, an_alert("db", status=Status.RESOLVED)).status is Status.RESOLVED


@pytest.mark.parametrize(
    ("rules", "winner"),
    [
        ([("a", GOOD, 9), ("b", BAD, 0)], "b"),  # known_bad beats known_good whatever the priority
        ([("a", GOOD, 0), ("b", GOOD, 5)], "b"),  # then the priority
        ([("b", GOOD, 1), ("a", GOOD, 1)], "a"),  # then the id
        ([("a", BAD, 1), ("b", BAD, 2), ("c", GOOD, 3)], "b"),
    ],
)
def test_the_strongest_rule_counts(rules: list[tuple[str, Verdict, int]], winner: str) -> None:
    book = a_book(*(a_rule(key, verdict, priority=priority) for key, verdict, priority in rules))
    assert judged(book).verdict_rule == winner


def test_known_bad_lifts_the_mute_of_a_known_good_rule_but_not_a_silence() -> None:
    book = a_book(a_rule("good"), a_rule("bad", BAD), a_silence("s"))
    alert = judged(book)
    assert alert.verdict is BAD
    assert [item.id for item in alert.suppressed_by] == ["s"]


def test_a_silence_suppresses_without_a_verdict() -> None:
    alert = judged(a_book(a_silence("s")))
    assert alert.verdict is UNKNOWN
    assert alert.suppressed_by[0].text == "silenced by ana until 2026-03-02 10:00 UTC: disk swap"
    assert alert.reasons[-1].step == "suppress"


def test_a_silence_counts_from_its_start_to_its_end_even_if_no_timer_ran() -> None:
    book = a_book(a_silence("s", start=60, end=120))
    assert [judged(book, seconds=second).suppressed for second in (59, 60, 119, 120)] == [False, True, True, False]


def test_a_rule_hides_nothing_after_it_expired_even_if_no_timer_ran() -> None:
    book = a_book(a_rule(expires=at(60)))
    assert judged(book, seconds=59).suppressed
    assert not judged(book, seconds=60).suppressed


def test_the_same_judgement_is_told_once() -> None:
    book = a_book(a_rule(), a_silence())
    first = judged(book)
    later = msgspec.structs.replace(first, episode=msgspec.structs.replace(first.episode, events=2))
    assert judged(book, later, seconds=20) == later


def test_a_new_episode_is_told_again() -> None:
    book = a_book(a_rule())
    again = msgspec.structs.replace(judged(book), reasons=())
    assert [reason.step for reason in judged(book, again).reasons] == ["verdict"]


def test_the_end_of_a_rule_and_of_a_silence_is_told() -> None:
    book = a_book(a_rule("r"), a_silence("s"))
    alert = judged(book)
    book.act(EndRule(rule_id="r"), "ana", at(20), {})
    book.act(EndSilence(silence_id="s"), "ana", at(20), {})
    after = book.judge(alert, at(21), hit=False)
    assert (after.verdict, after.suppressed_by) == (UNKNOWN, ())
    assert [reason.text for reason in after.reasons[-2:]] == [
        "no longer known good: rule r has ended or does not match any more",
        "silence s has ended or does not match any more",
    ]


def test_reasons_stay_bounded_and_keep_how_it_began() -> None:
    book, alert = a_book(), an_alert("db", reasons=(Reason(step="entity", text="about db"),))
    for number in range(60):
        book.act(PutSilence(silence=a_silence("s", end=600 + number)), "ana", T0, {})
        alert = book.judge(alert, at(10), hit=False)
        book.act(EndSilence(silence_id="s"), "ana", at(10), {})
        alert = book.judge(alert, at(11), hit=False)
    assert len(alert.reasons) == 40
    assert alert.reasons[0].text == "about db"
    assert alert.reasons[-1].text == "silence s has ended or does not match any more"


WORSE = "not muted by rule r (noc): worse than when it was muted: critical > warning"


def severe(severity: Severity, before: Alert | None = None) -> Alert:
    """The same alert, now of this severity."""
    if before is None:
        return an_alert("db", severity=severity)
    episode = msgspec.structs.replace(before.episode, events=before.episode.events + 1)
    return msgspec.structs.replace(before, severity=severity, episode=episode)


def test_a_mute_ends_where_the_alert_is_worse_than_what_it_was_made_for() -> None:
    book = a_book(a_rule("r", ceiling=Severity.WARNING))
    muted = judged(book, severe(Severity.WARNING))
    assert (muted.verdict, muted.suppressed) == (GOOD, True)
    worse = judged(book, severe(Severity.CRITICAL, muted))
    assert (worse.verdict, worse.verdict_rule, worse.suppressed) == (UNKNOWN, "", False)
    assert worse.reasons[-1].text == WORSE
    assert judged(book, severe(Severity.CRITICAL, worse)).reasons == worse.reasons
    again = judged(book, severe(Severity.INFO, worse))
    assert (again.verdict, again.suppressed) == (GOOD, True)


def test_an_alert_that_begins_worse_says_why_it_is_not_muted() -> None:
    alert = judged(a_book(a_rule("r", ceiling=Severity.WARNING)), severe(Severity.CRITICAL))
    assert [reason.text for reason in alert.reasons] == [WORSE]


def test_a_rule_that_is_made_for_less_says_so_to_what_fires_already() -> None:
    book = a_book(a_rule("r", ceiling=Severity.WARNING))
    after = book.judge(severe(Severity.CRITICAL), at(10), hit=False)
    assert [reason.text for reason in after.reasons] == [WORSE]
    assert book.judge(after, at(11), hit=False) == after


def test_what_is_worse_than_the_ceiling_is_no_hit() -> None:
    book = a_book(a_rule("r", ceiling=Severity.WARNING))
    judged(book, severe(Severity.CRITICAL))
    assert dict(book.drain())[RULES].hits == 0
    judged(book, severe(Severity.WARNING))
    assert dict(book.drain())[RULES].hits == 1


def test_beyond_the_ceiling_of_one_rule_another_one_may_still_mute() -> None:
    book = a_book(a_rule("r", ceiling=Severity.WARNING, priority=5), a_rule("wide"))
    alert = judged(book, severe(Severity.CRITICAL))
    assert (alert.verdict_rule, alert.suppressed) == ("wide", True)


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("ceiling", [None, *Severity])
def test_a_rule_hides_exactly_what_is_no_worse_than_its_ceiling(severity: Severity, ceiling: Severity | None) -> None:
    alert = judged(a_book(a_rule("r", ceiling=ceiling)), severe(severity))
    assert alert.suppressed is (ceiling is None or severity.rank <= ceiling.rank)


HIDES = "silenced by ana until 2026-03-02 10:00 UTC: disk swap; it hides this, though it is known bad by rule bad"


def test_that_a_silence_hides_what_is_known_bad_is_said_plainly() -> None:
    alert = judged(a_book(a_rule("bad", BAD), a_silence("s")))
    assert alert.reasons[-1].text == HIDES
    assert alert.suppressed_by[0].text == "silenced by ana until 2026-03-02 10:00 UTC: disk swap"


def test_it_is_said_when_what_is_silenced_already_becomes_known_bad() -> None:
    book = a_book(a_silence("s"))
    alert = judged(book)
    book.act(PutRule(rule=a_rule("bad", BAD)), "ana", at(20), {})
    after = book.judge(alert, at(20), hit=False)
    assert after.reasons[-1].text == HIDES
    assert book.judge(after, at(21), hit=False) == after


def test_hits_are_counted_for_events_only() -> None:
    book = a_book(a_rule("r"), a_silence("s"))
    alert = judged(book)
    book.judge(alert, at(30), hit=False)
    judged(book, alert, seconds=40)
    documents = {collection.name: document for collection, document in book.drain()}
    assert (documents["rules"].hits, documents["rules"].last_hit) == (2, at(40))
    assert (documents["silences"].hits, documents["silences"].last_hit) == (2, at(40))


def test_a_shadow_rule_counts_and_decides_nothing() -> None:
    book = a_book(a_rule("r", status=RuleStatus.SHADOW))
    assert judged(book).verdict is UNKNOWN
    assert dict(book.drain())[RULES].hits == 1


@pytest.mark.parametrize("status", [RuleStatus.PROPOSED, RuleStatus.SUSPENDED, RuleStatus.REJECTED])
def test_a_rule_that_nobody_accepted_does_nothing(status: RuleStatus) -> None:
    book = a_book(a_rule("r", status=status))
    assert judged(book).verdict is UNKNOWN
    assert dict(book.drain())[RULES].hits == 0


def test_putting_a_rule_again_replaces_it_and_keeps_its_hits() -> None:
    book = a_book(a_rule("r"))
    judged(book)
    book.act(PutRule(rule=a_rule("r", GOOD, "service=web")), "bob", at(20), {})
    assert judged(book).verdict is UNKNOWN
    assert judged(book, an_alert("web")).verdict is GOOD
    rule = dict(book.drain())[RULES]
    assert (rule.hits, rule.created_at, rule.created_by) == (2, T0, "bob")


def test_own_fields_can_be_matched() -> None:
    rule = a_rule("r", GOOD, "severity=critical", "source=alertmanager", "entity=db", 'template="db is <*>"')
    assert judged(a_book(rule)).verdict is GOOD
    assert judged(a_book(rule), an_alert("db", severity=Severity.HIGH)).verdict is UNKNOWN


def test_a_rule_on_a_label_that_no_alert_has_had_says_so_until_one_has() -> None:
    book = a_book(a_rule("r", GOOD, "servcie=db", "service=db"))
    judged(book)
    assert dict(book.drain())[RULES].unseen == ("servcie",)
    judged(book, an_alert("db", labels={"servcie": "db"}))
    assert dict(book.drain())[RULES].unseen == ()


def test_timers_turn_rules_and_silences() -> None:
    timers = Timers()
    book = Book(MutingSettings(), timers, Signatures())
    book.act(PutRule(rule=a_rule("r", expires=at(50))), "ana", T0, {})
    book.act(PutSilence(silence=a_silence("s", start=20, end=70)), "ana", T0, {})
    book.drain()
    turned = []
    while timer := timers.pop(at(100)):
        book.turn(timer.key, timer.due)
        turned.append((timer.kind, timer.key, (timer.due - T0).total_seconds()))
    assert turned == [("book", "s", 20), ("book", "r", 50), ("book", "s", 70)]
    (collection, rule), *_ = book.drain()
    assert (collection, rule.status) == (RULES, RuleStatus.EXPIRED)
    with pytest.raises(Conflict):
        book.act(EndRule(rule_id="r"), "ana", at(101), {})
    with pytest.raises(Conflict):
        book.act(EndSilence(silence_id="s"), "ana", at(101), {})


@pytest.mark.parametrize(
    ("act", "actor", "ended_by"),
    [
        (EndRule(rule_id="r"), "ana", "ana"),
        (RejectRule(rule_id="r"), "ana", "ana"),
        (EndRule(rule_id="r", gone=True), "ana", ""),
        (EndRule(rule_id="r"), "system:packs", ""),
        (EndRule(rule_id="r"), "engine", ""),
    ],
)
def test_it_is_kept_who_ended_a_rule_unless_its_pack_did(act: RuleAct, actor: str, ended_by: str) -> None:
    book = a_book(a_rule("r"))
    book.act(act, actor, at(20), {})
    ended = [one for collection, one in book.drain() if collection is RULES][-1]
    assert (ended.ended_by, ended.expires) == (ended_by, at(20))


def test_who_ended_a_rule_is_forgotten_when_it_is_put_again() -> None:
    book = a_book(msgspec.structs.replace(a_rule("r"), ended_by="ana"))
    rule = book.rule("r")
    assert rule is not None
    assert rule.ended_by == ""


def test_an_ended_silence_is_saved_with_its_end() -> None:
    book = a_book(a_silence("s"))
    assert book.act(EndSilence(silence_id="s"), "bob", at(5), {}) == ("silence s ended by bob", "s")
    assert dict(book.drain())[SILENCES].ends_at == at(5)


def test_concerned_are_those_that_match_and_those_that_name_it() -> None:
    book = a_book(a_rule("r"))
    db, web, muted = an_alert("db"), an_alert("web"), judged(book)
    assert list(book.concerned("r", [db, web])) == [db]
    book.act(EndRule(rule_id="r"), "ana", at(20), {})
    assert list(book.concerned("r", [db, web, muted])) == [muted]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (a_rule(expires=None), "without end"),
        (a_rule("r", BAD, review=None), "without a review"),
        (a_rule("r", BAD, ceiling=Severity.HIGH), "has no ceiling"),
        (a_rule(verdict=UNKNOWN), "no verdict"),
        (a_rule(owner=" "), "owner"),
        (a_rule(reason=""), "reason"),
        (a_rule(matchers=()), "0 matchers"),
        (a_rule(""), "no id"),
        (a_rule(expires=T0), "has passed"),
        (a_rule(expires=T0 + timedelta(days=367)), "too far off"),
        (a_rule(matchers=(Matcher(field="service", operator=Operator.REGEX, value="(db"),)), "regular expression"),
        (a_rule(matchers=(Matcher(field="", value="db"),)), "name of a label"),
        (a_rule("r", GOOD, "service=~.*"), "match everything"),
        (a_rule("r", GOOD, "service=~.+"), "match everything"),
        (a_rule("r", GOOD, "service!=db"), "match everything"),
        (a_rule("r", GOOD, 'service=""', "severity!=info"), "match everything"),
        (a_rule("r", GOOD, "template=<**>"), "match everything"),
        (a_rule("r", GOOD, 'template="<*> <*>"'), "match everything"),
    ],
)
def test_a_rule_that_cannot_stand_is_refused(rule: Rule, said: str) -> None:
    book = Book(MutingSettings(), Timers(), Signatures())
    with pytest.raises(BadInput, match=said):
        book.act(PutRule(rule=rule), "ana", T0, {})
    assert book.drain() == []


@pytest.mark.parametrize(("start", "end"), [(10, 10), (20, 10), (-20, -10), (-20, 0), (0, 400 * 86_400)])
def test_a_silence_needs_an_end_in_reach(start: float, end: float) -> None:
    with pytest.raises(BadInput, match="ends_at"):
        a_book(a_silence("s", start=start, end=end))


def test_rules_and_silences_do_not_share_an_id() -> None:
    with pytest.raises(Conflict, match="choose another"):
        a_book(a_rule("x"), a_silence("x"))
    with pytest.raises(Conflict, match="choose another"):
        a_book(a_silence("x"), a_rule("x"))


TEMPLATES = {
    "t1": Template(template_id="t1", scope="x", text="db is <*>", first_seen=T0, last_seen=T0, example="db is down"),
    "t2": Template(template_id="t2", scope="x", text="<*> <*>", first_seen=T0, last_seen=T0),
}


def label(template_id: str = "t1", verdict: Verdict = GOOD, days: int = 30) -> LabelTemplate:
    return LabelTemplate(template_id=template_id, verdict=verdict, reason="seen it", days=days)


def test_labelling_a_template_makes_replaces_and_ends_its_rule() -> None:
    book = Book(MutingSettings(), Timers(), Signatures())
    _, key = book.act(label(), "ana", T0, TEMPLATES)
    assert key == "template-t1"
    assert judged(book).reasons[-1].text == "known good by rule template-t1 (ana): seen it; until 2026-04-01 09:00 UTC"
    book.act(label(verdict=BAD), "ana", T0, TEMPLATES)
    assert (judged(book).verdict, judged(book).suppressed) == (BAD, False)
    book.act(label(verdict=UNKNOWN), "ana", T0, TEMPLATES)
    assert judged(book).verdict is UNKNOWN


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (label("t9"), Conflict),
        (label(verdict=UNKNOWN), Conflict),
        (label("t2"), BadInput),  # its shape is anything of two words
        (label(days=0), BadInput),
        (label(days=367), BadInput),
    ],
)
def test_a_label_that_cannot_stand_is_refused(act: LabelTemplate, error: type[AiopsError]) -> None:
    with pytest.raises(error):
        Book(MutingSettings(), Timers(), Signatures()).act(act, "ana", T0, TEMPLATES)


def test_a_pasted_message_matches_itself() -> None:
    book = a_book(a_rule("r", GOOD, 'template="disk 91% full on 10.0.0.1"'))
    assert judged(book, an_alert("db", masked="disk <num>% full on <ip>")).verdict is GOOD


RULES_DRAWN = st.lists(
    st.builds(
        a_rule,
        st.sampled_from(["a", "b", "c", "d"]),
        st.sampled_from([GOOD, BAD]),
        st.sampled_from(["service=db", "service=~d.", "severity=critical", 'template="db is <*>"']),
        priority=st.integers(0, 2),
    ),
    max_size=6,
)


@given(RULES_DRAWN, st.lists(st.sampled_from(["db", "web"]), max_size=4))
def test_a_loaded_book_goes_on_as_the_dumped_one(rules: list[Rule], services: list[str]) -> None:
    book = a_book(*rules, a_silence("s", start=20, end=70))
    for service in services:
        judged(book, an_alert(service))
    twin = Book(MutingSettings(), Timers(), Signatures())
    twin.load(book.dump())
    assert twin.dump() == book.dump()
    for service in ("db", "web"):
        assert judged(twin, an_alert(service)) == judged(book, an_alert(service))
    assert twin.dump() == book.dump()


@given(RULES_DRAWN)
def test_the_order_in_which_rules_came_decides_nothing(rules: list[Rule]) -> None:
    unique = list({rule.id: rule for rule in rules}.values())
    assert judged(a_book(*unique)) == judged(a_book(*reversed(unique)))


def test_a_rule_with_an_envelope_by_the_hour_is_written_down_in_the_audit_log() -> None:
    book = Book(MutingSettings(), Timers(), Signatures())
    book.act(PutRule(rule=a_rule(envelope=Envelope(per_hour=4, by_hour=(2,) * 168))), "ana", T0, {})
    (line,) = [one for collection, one in book.drain() if collection is RULE_CHANGES]
    assert '"by_hour":[2,2,' in line.after


def test_what_was_put_aside_to_be_looked_at_stays_when_the_rule_is_changed() -> None:
    book = Book(MutingSettings(), Timers(), Signatures())
    book.act(PutRule(rule=a_rule()), "ana", T0, {})
    for number in range(300):
        book.judge(an_alert(event_id=f"0-{number}-0"), T0, hit=True)
    before = book.rule("r")
    assert before is not None
    assert before.audit
    book.act(PutRule(rule=a_rule(reason="still so")), "ana", T0, {})
    after = book.rule("r")
    assert after is not None
    assert after.audit == before.audit


def test_an_alert_is_looked_at_when_the_first_of_its_mutes_was_made_for_no_longer() -> None:
    timers = Timers()
    book = Book(MutingSettings(), timers, Signatures())
    for key, minutes in (("short", 10), ("long", 60)):
        shape = Envelope(per_hour=9, longest=timedelta(minutes=minutes))
        book.act(PutRule(rule=a_rule(id=key, envelope=shape)), "ana", T0, {})
    book.judge(an_alert(), T0, hit=True)
    due = [timer.due for timer in iter(lambda: timers.pop(T0 + timedelta(hours=2)), None) if timer.kind == "envelope"]
    assert due == [T0 + timedelta(minutes=10, seconds=1)]  # once it has lasted longer
