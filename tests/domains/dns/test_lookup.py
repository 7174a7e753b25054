"""Looking up at real name servers: two that may disagree, and a resolver that keeps what it was told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from domains.dns.asking import Server
from domains.dns.lookup import Finding, Lookup, Wanted
from domains.dns.verdicts import Verdict
from tests.domains.dns.servers import Internet, internet
from tests.waiting import until

HOST, EXPECTED, PROOF = "www.contoso.com", "help.portals.com", "portal=0001"
GOOD = "www 60 IN CNAME help.portals.com.\n"
CHAIN = "".join(f"c{n} 60 IN CNAME c{n + 1}\n" for n in range(1, 12))


@pytest.fixture(scope="module")
def net() -> Iterator[Internet]:
    """One internet for all tests; each puts its own records there, under names of its own."""
    with internet(
        negative=300,
        more="lame 60 IN NS ns1.contoso\nsilent 60 IN NS ns.silent\nns.silent 60 IN A 127.0.0.29\n",
    ) as net:
        yield net


def look(
    net: Internet, host: str = HOST, *, ours: frozenset[str] = frozenset(), seconds: float = 12.0
) -> Finding:
    resolver = Server(net.RESOLVER, net.RESOLVER, net.port, recursive=True)
    wanted = Wanted(host, EXPECTED, PROOF, ours)
    return Lookup(wanted, [resolver], seconds, net.port).find()


def test_a_record_that_all_see_is_verified_and_the_evidence_names_everybody(net: Internet) -> None:
    net.put(GOOD)
    finding = look(net)
    assert finding.judgement.verdict is Verdict.VERIFIED
    assert {(row.server, row.is_resolver, row.seen) for row in finding.rows} == {
        ("ns1.contoso.com (127.0.0.22)", False, EXPECTED),
        ("ns2.contoso.com (127.0.0.23)", False, EXPECTED),
        ("127.0.0.24", True, EXPECTED),
    }
    assert all(row.leads_here and row.ttl is not None and row.ttl <= 60 for row in finding.rows)


def test_two_servers_that_disagree_are_propagating(net: Internet) -> None:
    net.put("both 60 IN CNAME help.portals.com.\n")
    net.put("", first=False)
    finding = look(net, "both.contoso.com")
    assert finding.judgement.verdict is Verdict.PROPAGATING
    assert [row.seen for row in finding.rows if not row.is_resolver] == [EXPECTED, "no such name"]


def test_a_resolver_that_remembers_that_there_was_nothing_is_waited_for(net: Internet) -> None:
    net.put("")
    assert net.resolver.ask("late.contoso.com", "A") is not None  # somebody was too early
    net.put("late 60 IN CNAME help.portals.com.\n")
    finding = look(net, "late.contoso.com")
    assert finding.judgement.verdict is Verdict.PROPAGATING
    # The SOA's minimum, counted down by the resolver.
    assert finding.judgement.wait is not None
    assert 280 <= finding.judgement.wait <= 300


def test_our_own_question_plants_no_such_answer(net: Internet) -> None:
    net.put("")
    assert look(net, "early.deep.contoso.com").judgement.verdict is Verdict.MISSING
    net.put("early.deep 60 IN CNAME help.portals.com.\n")
    assert look(net, "early.deep.contoso.com").judgement.verdict is Verdict.VERIFIED


def test_nothing_there_says_when_the_next_look_makes_sense(net: Internet) -> None:
    net.put("")
    finding = look(net, "gone.contoso.com")
    assert (finding.judgement.verdict, finding.judgement.wait) == (Verdict.MISSING, 300)


def test_other_records_at_the_name_are_no_alias(net: Internet) -> None:
    net.put("mail 60 IN MX 10 mx.invalid.\n")
    assert look(net, "mail.contoso.com").judgement.verdict is Verdict.MISSING


def test_another_target_is_named(net: Internet) -> None:
    net.put("shop 77 IN CNAME other.portals.com.\n")
    finding = look(net, "shop.contoso.com")
    assert (finding.judgement.verdict, finding.target) == (Verdict.WRONG_TARGET, "other.portals.com")
    assert finding.judgement.wait == 77


def test_a_target_that_is_not_there_is_another_target(net: Internet) -> None:
    net.put("typo 60 IN CNAME hepl.portals.com.\n")
    finding = look(net, "typo.contoso.com")
    assert (finding.judgement.verdict, finding.target) == (Verdict.WRONG_TARGET, "hepl.portals.com")


def test_a_circle_is_a_loop(net: Internet) -> None:
    net.put("a 60 IN CNAME b\nb 60 IN CNAME a\nself 60 IN CNAME self\n")
    assert look(net, "a.contoso.com").judgement.verdict is Verdict.LOOP
    assert look(net, "self.contoso.com").judgement.verdict is Verdict.LOOP


def test_eight_aliases_are_followed_and_not_one_more(net: Internet) -> None:
    net.put(CHAIN + "c12 60 IN CNAME help.portals.com.\n")
    assert look(net, "c5.contoso.com").judgement.verdict is Verdict.VERIFIED  # eight
    assert look(net, "c4.contoso.com").judgement.verdict is Verdict.CHAIN_TOO_LONG


@pytest.mark.parametrize(
    ("host", "records"),
    [
        ("any.contoso.com", "* 60 IN CNAME help.portals.com.\n"),
        ("deep.below.contoso.com", "*.below 60 IN CNAME HELP.Portals.COM.\n"),
        ("xn--mnchen-3ya.contoso.com", "xn--mnchen-3ya 60 IN CNAME help.portals.com.\n"),
        # A whole tree that is moved: the server makes the CNAME record of it.
        ("help.tree.contoso.com", "tree 60 IN DNAME portals.com.\n"),
        ("way.contoso.com", "way 60 IN CNAME _x.contoso.com.\n_x 60 IN CNAME help.portals.com.\n"),
    ],
)
def test_every_way_of_writing_an_alias_leads_here(net: Internet, host: str, records: str) -> None:
    net.put(records)
    assert look(net, host).judgement.verdict is Verdict.VERIFIED


def test_an_alias_for_everything_is_no_proof_at_an_apex(net: Internet) -> None:
    net.put("@ 60 IN A 203.0.113.10\n* 60 IN CNAME help.portals.com.\n")
    assert look(net, "contoso.com").judgement.verdict is Verdict.FLATTENED


def test_addresses_of_ipv6_alone_are_addresses_too(net: Internet) -> None:
    here = frozenset({"2001:db8::10"})
    net.put("six 60 IN AAAA 2001:db8::10\n")
    assert look(net, "six.contoso.com").judgement.verdict is Verdict.ADDRESS_RECORD
    assert look(net, "six.contoso.com", ours=here).judgement.verdict is Verdict.FLATTENED
    net.put(f'six2 60 IN AAAA 2001:db8::10\n_portal-verify.six2 60 IN TXT "{PROOF}"\n')
    assert look(net, "six2.contoso.com", ours=here).judgement.verdict is Verdict.VERIFIED


def test_an_address_beside_ours_is_somebody_else_s(net: Internet) -> None:
    net.put(f'two 60 IN A 203.0.113.10\ntwo 60 IN A 198.51.100.7\n_portal-verify.two 60 IN TXT "{PROOF}"\n')
    assert look(net, "two.contoso.com").judgement.verdict is Verdict.ADDRESS_RECORD


def test_an_address_of_somebody_else_is_an_address_record(net: Internet) -> None:
    net.put("addr 60 IN A 198.51.100.7\naddr 60 IN AAAA 2001:db8::7\n")
    finding = look(net, "addr.contoso.com")
    assert finding.judgement.verdict is Verdict.ADDRESS_RECORD
    assert finding.rows[0].seen == "198.51.100.7, 2001:db8::7"


def test_our_addresses_prove_nothing_and_with_the_text_they_do(net: Internet) -> None:
    net.put("@ 60 IN A 203.0.113.10\n")
    finding = look(net, "contoso.com")
    assert finding.judgement.verdict is Verdict.FLATTENED
    assert finding.is_apex
    net.put('@ 60 IN A 203.0.113.10\n_portal-verify 60 IN TXT "portal=other"\n')
    assert look(net, "contoso.com").judgement.verdict is Verdict.FLATTENED
    net.put(
        f'@ 60 IN A 203.0.113.10\n_portal-verify 60 IN TXT "portal=other"\n_portal-verify 60 IN TXT "{PROOF}"\n'
    )
    # The resolver was never asked, so it has nothing old.
    assert look(net, "contoso.com").judgement.verdict is Verdict.VERIFIED


def test_the_text_alone_is_not_enough(net: Internet) -> None:
    net.put(f'@ 60 IN A 198.51.100.7\n_portal-verify 60 IN TXT "{PROOF}"\n')
    assert look(net, "contoso.com").judgement.verdict is Verdict.ADDRESS_RECORD
    assert look(net, "contoso.com", ours=frozenset({"198.51.100.7"})).judgement.verdict in {
        Verdict.VERIFIED,
        Verdict.PROPAGATING,
    }


def test_one_server_that_is_down_is_no_vote(net: Internet) -> None:
    net.put("half 60 IN CNAME help.portals.com.\n")
    assert net.second.process is not None
    net.second.process.terminate()
    net.second.process.wait(5)
    try:
        finding = look(net, "half.contoso.com")
        assert finding.judgement.verdict is Verdict.VERIFIED
        assert next(row.seen for row in finding.rows if "127.0.0.23" in row.server) in {
            "not reachable",
            "no answer",
        }
    finally:
        net.second.start()
        until(lambda: net.second.ask("contoso.com", "SOA"), what="the second server")


def test_a_server_that_does_not_hold_the_zone_is_a_failure_and_not_a_missing_record(net: Internet) -> None:
    finding = look(net, "www.lame.com")
    assert finding.judgement.verdict is Verdict.DNS_UNAVAILABLE
    assert any(row.seen == "REFUSED" for row in finding.rows)


def test_silence_ends_in_time(net: Internet) -> None:
    began = time.monotonic()
    finding = look(net, "www.silent.com", seconds=2.0)
    assert finding.judgement.verdict is Verdict.DNS_UNAVAILABLE
    assert time.monotonic() - began < 4


def test_a_top_level_domain_that_is_not_there_is_dns_that_does_not_answer(net: Internet) -> None:
    assert look(net, "www.contoso.nowhere", seconds=3.0).judgement.verdict is Verdict.DNS_UNAVAILABLE


def test_name_servers_inside_a_network_are_not_asked(net: Internet) -> None:
    resolver = Server(net.RESOLVER, net.RESOLVER, net.port, recursive=True)
    finding = Lookup(Wanted(HOST, EXPECTED, PROOF), [resolver], 5.0).find()
    assert finding.judgement.verdict is Verdict.DNS_UNAVAILABLE


def test_it_may_be_asked_from_a_thread_with_an_event_loop(net: Internet) -> None:
    net.put("loop 60 IN CNAME help.portals.com.\n")

    async def on_a_loop() -> Finding:
        return look(net, "loop.contoso.com")

    assert asyncio.run(on_a_loop()).judgement.verdict is Verdict.VERIFIED


def test_a_long_answer_comes_by_tcp(net: Internet) -> None:
    texts = "".join(f'_portal-verify 60 IN TXT "{"x" * 200}{n}"\n' for n in range(20))
    net.put(
        f'@ 60 IN A 203.0.113.10\n{texts}_portal-verify 60 IN TXT "{PROOF}"\n',
    )
    finding = look(net, "contoso.com")
    authoritative = [row for row in finding.rows if row.asked.endswith("TXT") and not row.is_resolver]
    assert [row.leads_here for row in authoritative] == [True, True]
