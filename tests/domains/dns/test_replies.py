from __future__ import annotations

import dns.flags
import dns.message
import dns.rrset
import pytest

from domains.dns.replies import Reply, Says, read

HOST = "www.contoso.com"


def answer(kind: str, **sections: list[tuple[str, str, str, str]]) -> dns.message.Message:
    """As it comes off the wire; records are (owner, class, kind, text)."""
    message = dns.message.make_response(dns.message.make_query(HOST, kind))
    for section, records in sections.items():
        for owner, where, what, text in records:
            getattr(message, section).append(dns.rrset.from_text(owner, 60, where, what, text))
    return dns.message.from_wire(message.to_wire())


REFERRAL = [("contoso.com.", "IN", "NS", "ns.contoso.com.")]


def test_a_referral_brings_the_addresses_of_its_servers() -> None:
    glue = [("ns.contoso.com.", "IN", "A", "192.0.2.1")]
    reply = read(answer("SOA", authority=REFERRAL, additional=glue), HOST, "SOA", recursive=False)
    assert (reply.says, reply.glue) == (Says.REFERRAL, (("ns.contoso.com", "192.0.2.1"),))


def test_addresses_of_another_class_are_none() -> None:
    glue = [("ns.contoso.com.", "CLASS77", "A", r"\# 4 C0000201")]
    reply = read(answer("SOA", authority=REFERRAL, additional=glue), HOST, "SOA", recursive=False)
    assert (reply.says, reply.glue) == (Says.REFERRAL, ())


@pytest.mark.parametrize("kind", ["A", "TXT"])
def test_records_of_another_class_are_no_answer(kind: str) -> None:
    message = answer(kind, answer=[(f"{HOST}.", "CLASS77", kind, r"\# 2 0141")])
    message.flags |= dns.flags.AA
    assert read(message, HOST, kind, recursive=False) == Reply(Says.NO_DATA)


def test_a_text_has_no_signs_that_cannot_be_kept() -> None:
    message = answer("TXT", answer=[(f"{HOST}.", "IN", "TXT", r'"por\000tal"')])
    message.flags |= dns.flags.AA
    assert read(message, HOST, "TXT", recursive=False).records == ("por\ufffdtal",)
