from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.hostnames import HostRefused, covered, host_name, shown, suggested

OWN = ("portals.localhost", "admin.fabrikam.shop")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("support.fabrikam.shop", "support.fabrikam.shop"),
        ("  Support.Fabrikam.SHOP. ", "support.fabrikam.shop"),
        ("fabrikam.shop", "fabrikam.shop"),
        ("hilfe.müller.de", "hilfe.xn--mller-kva.de"),
        ("faß.de", "xn--fa-hia.de"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("xn--mller-kva.de", "xn--mller-kva.de"),
        ("portal.corp.internal", "portal.corp.internal"),
        ("a" * 63 + ".de", "a" * 63 + ".de"),
        ("1.fabrikam.shop", "1.fabrikam.shop"),
        ("localhost.fabrikam.shop", "localhost.fabrikam.shop"),
    ],
)
def test_names_are_kept_as_registries_write_them(typed: str, kept: str) -> None:
    assert host_name(typed, own=OWN) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "hostname_missing"),
        ("   ", "hostname_missing"),
        ("https://support.fabrikam.shop", "hostname_scheme"),
        ("support.fabrikam.shop/path", "hostname_path"),
        ("support.fabrikam.shop?x", "hostname_path"),
        ("support.fabrikam.shop#x", "hostname_path"),
        ("me@fabrikam.shop", "hostname_user"),
        ("support.fabrikam.shop:443", "hostname_port"),
        ("support.fabrikam.shop:", "hostname_port"),
        ("*.fabrikam.shop", "hostname_wildcard"),
        ("192.0.2.1", "hostname_address"),
        ("2001:db8::1", "hostname_address"),
        ("[2001:db8::1]", "hostname_address"),
        ("[2001:db8::1]:443", "hostname_address"),
        ("::ffff:192.0.2.1", "hostname_address"),
        ("127.1", "hostname_address"),
        ("2130706433", "hostname_address"),
        ("0x7f000001", "hostname_address"),
        ("0x7f.1", "hostname_address"),
        ("0300.0250.0.1", "hostname_address"),
        ("1９2.0.2.１", "hostname_address"),
        ("fabrikam.123", "hostname_address"),
        ("fabrikam", "hostname_single_label"),
        ("fabrikam.", "hostname_single_label"),
        ("support.fabrikam.test", "hostname_reserved"),
        ("support.example", "hostname_reserved"),
        ("printer.local", "hostname_reserved"),
        ("x.onion", "hostname_reserved"),
        ("portals.localhost", "hostname_own"),
        ("mine.portals.localhost", "hostname_own"),
        ("admin.fabrikam.shop", "hostname_own"),
        ("a" * 64 + ".de", "hostname_too_long"),
        (".".join(["abcdefgh"] * 40), "hostname_too_long"),
        ("x" * 5000, "hostname_too_long"),
        ("under_score.fabrikam.shop", "hostname_characters"),
        ("-a.fabrikam.shop", "hostname_characters"),
        ("a-.fabrikam.shop", "hostname_characters"),
        ("a..fabrikam.shop", "hostname_characters"),
        (".fabrikam.shop", "hostname_characters"),
        ("sup port.fabrikam.shop", "hostname_characters"),
        ("a,b.shop", "hostname_characters"),
        ("support.fabrikam.shop..", "hostname_characters"),
        ("ab--cd.fabrikam.shop", "hostname_characters"),
        ("xn--a.fabrikam.shop", "hostname_characters"),
    ],
)
def test_what_is_no_host_name_is_refused_with_its_reason(typed: str, code: str) -> None:
    with pytest.raises(HostRefused) as refused:
        host_name(typed, own=OWN)
    assert refused.value.code == code


@given(st.text(max_size=80))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        name = host_name(text)
    except HostRefused:
        return
    assert name == host_name(name)
    assert name.isascii()
    assert name == name.lower()


@pytest.mark.parametrize(
    ("names", "host", "does"),
    [
        (["support.fabrikam.shop"], "support.fabrikam.shop", True),
        (["*.fabrikam.shop"], "support.fabrikam.shop", True),
        (["*.fabrikam.shop"], "fabrikam.shop", False),
        (["*.fabrikam.shop"], "a.support.fabrikam.shop", False),
        (["*.fabrikam.shop", "fabrikam.shop"], "fabrikam.shop", True),
        (["*.shop"], "fabrikam.shop", False),
        (["*"], "fabrikam", False),
        (["s*.fabrikam.shop"], "support.fabrikam.shop", False),
        ([], "fabrikam.shop", False),
    ],
)
def test_which_names_cover_a_host(names: list[str], host: str, does: bool) -> None:
    assert covered(names, host) is does


def test_names_are_shown_with_the_letters_of_their_language() -> None:
    assert shown("xn--mller-kva.de") == "müller.de"
    assert shown("not--decodable") == "not--decodable"


def test_the_only_plain_name_is_suggested() -> None:
    assert suggested(["*.fabrikam.shop", "fabrikam.shop"]) == "fabrikam.shop"
    assert suggested(["a.fabrikam.shop", "b.fabrikam.shop"]) == ""
