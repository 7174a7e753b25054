"""The verdict, by a table."""

from __future__ import annotations

import pytest

from domains.dns.verdicts import LONGEST_WAIT, SENTENCES, Judgement, Seen, Sight, Verdict, judge

PORTAL = Sight(Seen.PORTAL)
FAILED = Sight(Seen.FAILED)
NOTHING = Sight(Seen.NOTHING, ttl=300)


@pytest.mark.parametrize(
    ("authoritative", "resolvers", "expected"),
    [
        ([PORTAL, PORTAL], [PORTAL], Judgement(Verdict.VERIFIED)),
        # One resolver is enough: the others have old answers.
        ([PORTAL], [NOTHING, PORTAL, FAILED], Judgement(Verdict.VERIFIED)),
        # A server that fails is no vote.
        ([PORTAL, FAILED], [PORTAL], Judgement(Verdict.VERIFIED)),
        # The first resolver to forget decides when it works.
        ([PORTAL], [NOTHING, Sight(Seen.ELSEWHERE, ttl=60)], Judgement(Verdict.PROPAGATING, 60)),
        ([PORTAL], [Sight(Seen.NOTHING)], Judgement(Verdict.PROPAGATING)),
        ([PORTAL, NOTHING], [PORTAL], Judgement(Verdict.PROPAGATING, 300)),
        ([PORTAL, Sight(Seen.ELSEWHERE, "old", 40)], [], Judgement(Verdict.PROPAGATING, 40)),
        ([Sight(Seen.PARTLY, ttl=5)], [PORTAL], Judgement(Verdict.PROPAGATING, 5)),
        # What resolvers still remember of a record that was taken away counts for nothing.
        ([NOTHING], [PORTAL], Judgement(Verdict.MISSING, 300)),
        ([NOTHING, Sight(Seen.NOTHING, ttl=20)], [], Judgement(Verdict.MISSING, 300)),
        ([NOTHING, Sight(Seen.ELSEWHERE, "x", 9)], [], Judgement(Verdict.WRONG_TARGET, 9)),
        ([Sight(Seen.ELSEWHERE, "x", 10**9)], [], Judgement(Verdict.WRONG_TARGET, LONGEST_WAIT)),
        ([Sight(Seen.LOOP, ttl=1), Sight(Seen.ELSEWHERE)], [], Judgement(Verdict.LOOP, 1)),
        ([Sight(Seen.TOO_LONG)], [], Judgement(Verdict.CHAIN_TOO_LONG)),
        ([Sight(Seen.ADDRESSES, ttl=7), NOTHING], [], Judgement(Verdict.ADDRESS_RECORD, 7)),
        ([Sight(Seen.OUR_ADDRESSES, ttl=7)], [], Judgement(Verdict.FLATTENED, 7)),
        # Silence is never "there is no record".
        ([FAILED, FAILED], [], Judgement(Verdict.DNS_UNAVAILABLE)),
        ([], [], Judgement(Verdict.DNS_UNAVAILABLE)),
        ([FAILED], [PORTAL], Judgement(Verdict.DNS_UNAVAILABLE)),
        ([PORTAL], [FAILED], Judgement(Verdict.DNS_UNAVAILABLE)),
        ([PORTAL], [], Judgement(Verdict.DNS_UNAVAILABLE)),
    ],
)
def test_the_verdict(authoritative: list[Sight], resolvers: list[Sight], expected: Judgement) -> None:
    assert judge(authoritative, resolvers) == expected


def test_every_verdict_has_its_sentence_and_each_can_be_filled_in() -> None:
    facts = dict.fromkeys(("host", "expected", "target", "proof", "token"), "x")
    assert set(SENTENCES) == set(Verdict)
    for sentence in SENTENCES.values():
        assert (sentence % facts).endswith(".")


@pytest.mark.parametrize("seen", [seen for seen in Seen if seen is not Seen.FAILED])
def test_every_sight_has_a_verdict(seen: Seen) -> None:
    assert judge([Sight(seen)], [PORTAL]).verdict in Verdict
