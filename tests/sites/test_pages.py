from __future__ import annotations

from typing import Any

import pytest

from sites.pages import page_of
from tests.sites.records import home, page, record


def test_a_page_is_read_from_its_record() -> None:
    shown = page_of(page("contact", adx_summary="Write to us.", adx_hiddenfromsitemap=True))
    assert shown is not None
    assert (shown.segment, shown.title, shown.summary, shown.hidden) == (
        "contact",
        "Contact",
        "Write to us.",
        True,
    )
    assert not shown.is_home


def test_a_page_without_title_or_name_is_called_after_what_it_has() -> None:
    named = page_of(page("contact", adx_title=None))
    titled = page_of(page("contact", adx_name=""))
    bare = page_of(page("contact", adx_name=None, adx_title=None))
    assert named is not None
    assert titled is not None
    assert bare is not None
    assert (named.title, titled.name, bare.title) == ("contact", "Contact", "contact")


@pytest.mark.parametrize("state", ["Draft", "", "published", None, True])
def test_only_what_is_published_is_a_page(state: Any) -> None:
    assert page_of(page("contact", adx_publishingstate=state)) is None


@pytest.mark.parametrize("segment", ["", ".", "..", "a/b", "/", "a\\b", "a\nb", "\x00", "\ud800", None, 7])
def test_a_segment_that_no_path_can_have_leads_nowhere(segment: Any) -> None:
    assert page_of(page("contact", adx_partialurl=segment)) is None


@pytest.mark.parametrize("parent", ["not-an-id", "", None, 5])
def test_a_page_without_parent_is_none_unless_it_is_home(parent: Any) -> None:
    assert page_of(page("contact", adx_parentpageid=parent)) is None


def test_home_has_no_parent() -> None:
    found = page_of(home())
    assert found is not None
    assert found.is_home
    assert page_of(page("home", parent="contact", adx_partialurl="/")) is None


def test_values_of_other_types_are_nothing() -> None:
    odd = record(
        "adx_webpage", "odd", adx_publishingstate="Published", adx_partialurl="/", adx_title=["x"], adx_copy=3
    )
    found = page_of(odd)
    assert found is not None
    assert (found.title, found.copy, found.hidden) == ("/", "", False)
