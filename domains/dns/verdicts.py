"""The verdict on a host name, from what each name server was seen to answer. Pure.

The gate: the authoritative servers that answer agree, and at least one resolver sees the same. A server that fails
is never taken for one that says "there is no such record".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from accounts.words import N_

# Aliases from the host to the portal's URL that are followed; resolvers give up at about the same number.
LONGEST_CHAIN = 8
# Seconds. Nobody is told to come back later than tomorrow, whatever a zone says of itself.
LONGEST_WAIT = 86_400
# The record that proves an apex, where no CNAME can stand: equal addresses prove nothing on a shared edge.
PROOF_LABEL = "_portal-verify"


class Verdict(StrEnum):
    """What is true of the host name, as `data-error-code` says it."""

    VERIFIED = "verified"
    PROPAGATING = "propagating"
    MISSING = "missing"
    WRONG_TARGET = "wrong_target"
    LOOP = "loop"
    CHAIN_TOO_LONG = "chain_too_long"
    ADDRESS_RECORD = "address_record"
    FLATTENED = "flattened"
    DNS_UNAVAILABLE = "dns_unavailable"


class Seen(StrEnum):
    """Where one name server led."""

    PORTAL = "portal"  # by CNAME records to the portal's URL, or by our addresses with the proof beside them
    PARTLY = "partly"  # behind it, servers disagree, and some lead to the portal
    NOTHING = "nothing"  # there is no such name, or nothing at it
    ELSEWHERE = "elsewhere"  # by CNAME records to another name
    LOOP = "loop"
    TOO_LONG = "too long"
    ADDRESSES = "addresses"  # an A or AAAA record that is not ours
    OUR_ADDRESSES = "our addresses"  # our addresses without the proof
    FAILED = "failed"  # no answer, an error, or an answer that makes no sense


@dataclass(frozen=True)
class Sight:
    """What one name server led to. `target`: the last name of the chain. `ttl`: seconds for which others may still
    be told the same, None if it did not say.
    """

    seen: Seen
    target: str = ""
    ttl: int | None = None


@dataclass(frozen=True)
class Judgement:
    """`wait`: seconds after which it should be different, once the record is as it should be; None: nobody knows."""

    verdict: Verdict
    wait: int | None = None


# Which fault is named when servers show different ones: the one that stands in the way of the others first.
_FAULTS: tuple[tuple[Seen, Verdict], ...] = (
    (Seen.LOOP, Verdict.LOOP),
    (Seen.TOO_LONG, Verdict.CHAIN_TOO_LONG),
    (Seen.ELSEWHERE, Verdict.WRONG_TARGET),
    (Seen.ADDRESSES, Verdict.ADDRESS_RECORD),
    (Seen.OUR_ADDRESSES, Verdict.FLATTENED),
    (Seen.NOTHING, Verdict.MISSING),
)

# One sentence each; %(host)s, %(expected)s (the portal's host), %(target)s, %(proof)s and %(token)s are filled in.
SENTENCES: dict[Verdict, str] = {
    Verdict.VERIFIED: N_("%(host)s leads to this portal."),
    Verdict.PROPAGATING: N_(
        "The record is there, but not all name servers show it yet. This takes some time; "
        "it goes on by itself."
    ),
    Verdict.MISSING: N_("There is no CNAME record at %(host)s. It has to lead to %(expected)s."),
    Verdict.WRONG_TARGET: N_("%(host)s leads to %(target)s. It has to lead to %(expected)s."),
    Verdict.LOOP: N_("The CNAME records of %(host)s lead in a circle. It has to lead to %(expected)s."),
    Verdict.CHAIN_TOO_LONG: N_(
        "There are more than 8 CNAME records between %(host)s and its end. "
        "Let it lead to %(expected)s directly."
    ),
    Verdict.ADDRESS_RECORD: N_(
        "%(host)s has an address record (A or AAAA) that leads elsewhere. "
        "Remove it, and add a CNAME record that leads to %(expected)s."
    ),
    Verdict.FLATTENED: N_(
        "%(host)s has our addresses, which proves nothing, since other portals have the same. "
        "Add a TXT record %(proof)s with the text %(token)s."
    ),
    Verdict.DNS_UNAVAILABLE: N_(
        "The name servers of %(host)s, or the resolvers of this installation, do not answer. "
        "It is tried again."
    ),
}


def judge(authoritative: Sequence[Sight], resolvers: Sequence[Sight]) -> Judgement:
    """The verdict. Resolvers need only have been asked where an authoritative server leads to the portal."""
    said = [sight for sight in authoritative if sight.seen is not Seen.FAILED]
    if not said:
        return Judgement(Verdict.DNS_UNAVAILABLE)
    if all(sight.seen is Seen.PORTAL for sight in said):
        return _among(resolvers)
    wrong = [sight for sight in said if sight.seen is not Seen.PORTAL]
    if len(wrong) < len(said) or any(sight.seen is Seen.PARTLY for sight in wrong):
        return Judgement(Verdict.PROPAGATING, _longest(wrong))
    for seen, verdict in _FAULTS:
        if found := [sight for sight in wrong if sight.seen is seen]:
            return Judgement(verdict, _longest(found))
    raise AssertionError("every sight is a fault, a success or a failure")


def _among(resolvers: Sequence[Sight]) -> Judgement:
    """The authoritative servers agree that it leads to the portal; does the world see that?"""
    if any(sight.seen is Seen.PORTAL for sight in resolvers):
        return Judgement(Verdict.VERIFIED)
    behind = [sight for sight in resolvers if sight.seen is not Seen.FAILED]
    if not behind:
        return Judgement(Verdict.DNS_UNAVAILABLE)
    # The first of them to forget is enough.
    times = [sight.ttl for sight in behind if sight.ttl is not None]
    return Judgement(Verdict.PROPAGATING, _bounded(min(times)) if times else None)


def _longest(sights: Sequence[Sight]) -> int | None:
    times = [sight.ttl for sight in sights if sight.ttl is not None]
    return _bounded(max(times)) if times else None


def _bounded(seconds: int) -> int:
    return max(0, min(seconds, LONGEST_WAIT))


def proof_name(host: str) -> str:
    """Where the TXT record of an apex stands."""
    return f"{PROOF_LABEL}.{host}"


def proof_text(portal_id: str) -> str:
    """What the TXT record of an apex says. Another portal's text is another one."""
    return f"portal={portal_id}"
