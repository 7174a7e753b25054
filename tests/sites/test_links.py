from __future__ import annotations

from typing import Any

import pytest

from organizations.ports import Record
from sites.links import link_sets, safe_address
from sites.tree import PageTree
from tests.sites.records import home, id_of, page, record

TREE = PageTree([home(), page("help"), page("plans", adx_publishingstate="Draft")])
NAVIGATION = record("adx_weblinkset", "nav", adx_name="Primary Navigation")


def link(key: str, **attributes: Any) -> Record:
    return record(
        "adx_weblink", key, **{"adx_weblinksetid": str(id_of("nav")), "adx_name": key, **attributes}
    )


def shown(*links: Record) -> list[tuple[str, str]]:
    sets = link_sets([NAVIGATION], links, TREE)
    return [(link.name, link.href) for link in sets["Primary Navigation"]]


def test_links_are_in_order_and_lead_to_their_pages() -> None:
    assert shown(
        link("Help", adx_pageid=str(id_of("help")), adx_displayorder=2),
        link("Home", adx_pageid=str(id_of("home")), adx_displayorder=1),
        link("Shop", adx_externalurl="https://shop.example/", adx_displayorder=3),
    ) == [("Home", "/"), ("Help", "/help/"), ("Shop", "https://shop.example/")]


def test_a_link_to_what_visitors_cannot_see_is_left_out() -> None:
    assert shown(link("Plans", adx_pageid=str(id_of("plans")))) == []
    assert shown(link("Gone", adx_pageid=str(id_of("gone")), adx_externalurl="/help/")) == []
    assert shown(link("Nowhere")) == []
    assert shown(link("", adx_pageid=str(id_of("help")))) == []


def test_a_link_of_another_set_is_not_in_this_one() -> None:
    other = link("Help", adx_weblinksetid=str(id_of("other")), adx_pageid=str(id_of("help")))
    assert shown(other) == []


@pytest.mark.parametrize(
    "address",
    [
        "/help/",
        "/help/?a=1#b",
        "https://example.com/x",
        "http://example.com",
        "mailto:help@contoso.example",
        "tel:+31201234567",
    ],
)
def test_visitors_may_be_sent_to(address: str) -> None:
    assert safe_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "help",
        "#help",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "https:",
        "https:evil.example",
        "mailto:",
        "http://[",
        "/\t/evil.example",
    ],
)
def test_visitors_may_not_be_sent_to(address: str) -> None:
    assert safe_address(address) is None
