from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.conf import LazySettings
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from accounts.words import Refusal
from domains.certificates import trust
from domains.certificates.asn1 import oid
from domains.certificates.judging import Judged, judge
from domains.certificates.opening import Opened
from tests.domains.authority import DAY, NOW, Issued, authority, elliptic, make
from tests.domains.corpus import HOST, der_key, der_of


@pytest.fixture(scope="module")
def root() -> Issued:
    return authority()


@pytest.fixture(scope="module")
def middle(root: Issued) -> Issued:
    return root.issue("Intermediate", ca=True, usages=None, ends=NOW + 500 * DAY)


@pytest.fixture(scope="module")
def leaf(middle: Issued) -> Issued:
    return middle.issue(HOST, [HOST])


def judged(leaf: Issued, *others: Issued, roots: tuple[Issued, ...] = ()) -> Judged:
    opened = Opened(der_key(leaf.key), tuple(der_of(one.certificate) for one in (leaf, *others)), 1)
    return judge(opened, roots=[one.certificate for one in roots], now=NOW)


def codes(found: Judged) -> list[str]:
    return [remark.code for remark in found.warnings]


def test_a_chain_to_a_root_that_browsers_know_is_trusted_and_needs_no_warning(
    root: Issued, middle: Issued
) -> None:
    found = judged(middle.issue(HOST, [HOST]), middle, roots=(root,))
    assert found.is_trusted
    assert codes(found) == []
    assert found.chain.count("BEGIN") == 2


def test_a_leaf_right_below_a_known_root_lacks_nothing(root: Issued) -> None:
    found = judged(root.issue(HOST, [HOST]), roots=(root,))
    assert (found.is_trusted, codes(found)) == (True, [])


def test_what_browsers_do_not_know_is_usable_and_not_trusted(root: Issued, middle: Issued) -> None:
    found = judged(middle.issue(HOST, [HOST]), middle, root, roots=(authority("Another"),))
    assert (found.is_trusted, codes(found)) == (False, ["untrusted_root"])


def test_a_missing_intermediate_makes_it_untrusted_though_its_root_is_known(
    root: Issued, middle: Issued
) -> None:
    found = judged(middle.issue(HOST, [HOST]), roots=(root,))
    assert (found.is_trusted, codes(found)) == (False, ["incomplete_chain"])


def test_what_an_authority_may_not_issue_is_warned_of_though_its_root_is_known(root: Issued) -> None:
    for_people = root.issue("People", ca=True, usages=(ExtendedKeyUsageOID.CLIENT_AUTH,))
    found = judged(for_people.issue(HOST, [HOST]), for_people, roots=(root,))
    assert (found.is_trusted, codes(found)) == (False, ["not_verified"])


def test_a_missing_purpose_alone_is_told_alone(root: Issued) -> None:
    assert codes(judged(root.issue(HOST, [HOST], usages=None), roots=(root,))) == ["no_eku"]


def test_a_curve_that_only_some_browsers_take_is_warned_of_in_a_leaf_alone(root: Issued) -> None:
    wide = root.issue("Wide", ca=True, usages=None, key=ec.generate_private_key(ec.SECP521R1()))
    assert codes(judged(wide.issue(HOST, [HOST]), wide, roots=(root,))) == []
    leaf = wide.issue(HOST, [HOST], key=ec.generate_private_key(ec.SECP521R1()))
    assert codes(judged(leaf, wide, roots=(root,))) == ["p521"]


def test_public_certificates_that_last_too_long_are_warned_of(root: Issued) -> None:
    leaf = root.issue(HOST, [HOST], begins=NOW - DAY, ends=NOW + 500 * DAY)
    assert codes(judged(leaf, roots=(root,))) == ["long_lived"]


def test_of_two_ways_to_a_root_the_one_that_browsers_know_is_served(root: Issued) -> None:
    """An intermediate that was cross-signed: once by a root that browsers know, once by one of the company's own."""
    key, own = elliptic(), authority("Company Root")
    known = root.issue("Shared", ca=True, usages=None, key=key)
    crossed = own.issue("Shared", ca=True, usages=None, key=key)
    found = judged(known.issue(HOST, [HOST]), crossed, own, known, roots=(root,))
    assert found.is_trusted
    assert known.certificate.public_bytes(Encoding.PEM).decode() in found.chain


def test_the_earliest_end_of_the_chain_counts(root: Issued) -> None:
    early = root.issue("Early", ca=True, usages=None, ends=NOW + 20 * DAY)
    found = judged(early.issue(HOST, [HOST], ends=NOW + 90 * DAY), early)
    assert (found.ends_at, found.not_after) == (NOW + 20 * DAY, NOW + 90 * DAY)


def test_certificates_that_sign_each_other_end_the_search(root: Issued) -> None:
    key = elliptic()
    loop = [make("Same", ca=True, usages=None, key=key, issuer=Issued(root.certificate, root.key))]
    same = Issued(make("Same", ca=True, usages=None, key=key).certificate, key)
    twins = [same.issue("Same", ca=True, usages=None, key=key) for _ in range(17)]
    assert judged(same.issue(HOST, [HOST]), *loop, *twins).names == [HOST]


def test_neither_the_key_nor_a_part_of_it_shows_in_what_is_reported_of_an_error(root: Issued) -> None:
    found = judged(root.issue(HOST, [HOST]))
    assert "PRIVATE KEY" in found.key
    assert "PRIVATE KEY" not in repr(found)


def test_a_stranger_whose_name_cannot_be_read_is_dropped(root: Issued) -> None:
    """Old authorities have names in the letters of teletypes, which were used for Latin-1 then."""
    leaf, old = root.issue(HOST, [HOST]), der_of(authority("Trust Center").certificate)
    unreadable = old.replace(b"\x0c\x0cTrust Center", b"\x14\x0cTr\xfcst Center")
    assert unreadable != old
    opened = Opened(der_key(leaf.key), (der_of(leaf.certificate), unreadable), 1)
    assert judge(opened, roots=[root.certificate], now=NOW).is_trusted


def test_a_root_of_the_nineties_is_a_root() -> None:
    """Nobody can check an MD2 signature any more, and of a root nobody does."""
    key = rsa.generate_private_key(65537, 2048)
    issuer = make("Of 1996", ca=True, usages=None, key=key)
    old = der_of(issuer.certificate).replace(oid("1.2.840.113549.1.1.11"), oid("1.2.840.113549.1.1.2"))
    leaf = issuer.issue(HOST, [HOST])
    opened = Opened(der_key(leaf.key), (der_of(leaf.certificate), old), 1)
    assert codes(judge(opened, roots=(), now=NOW)) == ["untrusted_root"]


@tried(max_examples=300, deadline=None)
@given(st.data())
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_a_changed_certificate_is_judged_or_refused(
    root: Issued, middle: Issued, leaf: Issued, data: st.DataObject
) -> None:
    ders = [bytearray(der_of(one.certificate)) for one in (leaf, middle, root)]
    for _ in range(data.draw(st.integers(1, 6))):
        one = ders[data.draw(st.integers(0, 2))]
        one[data.draw(st.integers(0, len(one) - 1))] = data.draw(st.integers(0, 255))
    opened = Opened(der_key(leaf.key), tuple(map(bytes, ders)), 1)
    with contextlib.suppress(Refusal):
        assert judge(opened, roots=[root.certificate], now=NOW).names


def test_names_that_are_no_host_names_are_left_out(root: Issued) -> None:
    found = judged(
        root.issue("x", ["Support.Fabrikam.SHOP", "*.fabrikam.shop", "f*o.fabrikam.shop", "a b.de"])
    )
    assert found.names == ["support.fabrikam.shop", "*.fabrikam.shop"]


def test_the_roots_of_browsers_and_those_of_the_operator_are_known(
    root: Issued, settings: LazySettings, tmp_path: Path
) -> None:
    assert len(trust.roots()) > 50
    extra = tmp_path / "extra.pem"
    extra.write_bytes(root.certificate.public_bytes(Encoding.PEM))
    settings.EXTRA_ROOTS = str(extra)
    assert root.certificate in trust.roots()
