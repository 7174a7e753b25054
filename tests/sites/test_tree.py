from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from organizations.ports import Record
from sites.tree import PageTree
from tests.sites.records import home, id_of, page


def paths(tree: PageTree) -> set[str | None]:
    return {tree.href(page.id) for page in tree.listed()}


def test_paths_follow_the_pages_from_home_down() -> None:
    tree = PageTree([page("orders", parent="help"), page("help"), home()])
    assert tree.href(id_of("home")) == "/"
    assert tree.href(id_of("help")) == "/help/"
    assert tree.href(id_of("orders")) == "/help/orders/"


@pytest.mark.parametrize("path", ["/help/orders/", "/help/orders", "/HELP/Orders/"])
def test_a_page_is_found_by_each_spelling_of_its_path(path: str) -> None:
    found = PageTree([home(), page("help"), page("orders", parent="help")]).find(path)
    assert found is not None
    assert found.id == id_of("orders")


@pytest.mark.parametrize(
    "path", ["/orders/", "//help/", "/help//", "/help//orders/", "/help/orders/x/", "//"]
)
def test_no_other_path_leads_to_a_page(path: str) -> None:
    assert PageTree([home(), page("help"), page("orders", parent="help")]).find(path) is None


def test_a_path_of_other_letters_is_encoded() -> None:
    tree = PageTree([home(), page("x", adx_partialurl="über uns & mehr?%")])
    assert tree.href(id_of("x")) == "/%C3%BCber%20uns%20%26%20mehr%3F%25/"
    assert tree.find("/über uns & mehr?%/") is not None
    assert tree.find("/u\N{COMBINING DIAERESIS}ber uns & mehr?%/") is not None


def test_what_is_below_a_draft_is_as_hidden_as_the_draft() -> None:
    tree = PageTree([home(), page("plans", adx_publishingstate="Draft"), page("secret", parent="plans")])
    assert tree.find("/plans/") is None
    assert tree.find("/plans/secret/") is None
    assert tree.find("/secret/") is None
    assert tree.href(id_of("secret")) is None
    assert paths(tree) == {"/"}


def test_orphans_and_pages_in_a_circle_lead_nowhere() -> None:
    tree = PageTree(
        [
            home(),
            page("orphan", parent="gone"),
            page("self", parent="self"),
            page("a", parent="b"),
            page("b", parent="a"),
            page("below", parent="a"),
        ]
    )
    assert paths(tree) == {"/"}
    assert all(tree.href(id_of(key)) is None for key in ("orphan", "self", "a", "b", "below"))


def test_of_two_pages_with_one_path_the_first_one_has_it_with_all_below() -> None:
    tree = PageTree(
        [
            home(),
            page("second", adx_partialurl="help", adx_displayorder=2),
            page("first", adx_partialurl="Help", adx_displayorder=1),
            page("below", parent="second"),
        ]
    )
    found = tree.find("/help/")
    assert found is not None
    assert found.id == id_of("first")
    assert tree.href(id_of("second")) is None
    assert tree.href(id_of("below")) is None
    assert [child.id for child in tree.listed_children(tree.find("/"))] == [id_of("first")]  # type: ignore[arg-type]


def test_children_are_listed_in_order_without_the_hidden_ones() -> None:
    tree = PageTree(
        [
            home(),
            page("last"),
            page("b", adx_displayorder=2),
            page("a", adx_displayorder=1),
            page("hidden", adx_displayorder=0, adx_hiddenfromsitemap=True),
        ]
    )
    assert tree.home is not None
    assert [child.name for child in tree.listed_children(tree.home)] == ["a", "b", "last"]
    assert tree.find("/hidden/") is not None
    assert "/hidden/" not in paths(tree)


def test_ancestors_lead_from_home_to_the_parent() -> None:
    tree = PageTree([home(), page("help"), page("orders", parent="help")])
    found = tree.find("/help/orders/")
    assert found is not None
    assert [ancestor.name for ancestor in tree.ancestors(found)] == ["home", "help"]
    assert tree.home is not None
    assert tree.ancestors(tree.home) == []


def test_without_a_home_page_there_is_nothing() -> None:
    tree = PageTree([page("help")])
    assert tree.home is None
    assert tree.find("/") is None
    assert list(tree.listed()) == []


def test_a_tree_of_any_depth_grows() -> None:
    deep = [home(), page("0")] + [page(str(level), parent=str(level - 1)) for level in range(1, 1500)]
    tree = PageTree(deep)
    assert tree.find("/" + "/".join(map(str, range(1500))) + "/") is not None


KEYS = st.sampled_from("abcdefgh")


@given(
    st.lists(
        st.builds(
            lambda key, parent, url, state: page(
                key, parent=parent, adx_partialurl=url, adx_publishingstate=state
            ),
            KEYS,
            st.one_of(KEYS, st.just("home")),
            st.sampled_from(["x", "y", "/", ""]),
            st.sampled_from(["Published", "Draft"]),
        ),
        unique_by=lambda record: record.id,
    )
)
def test_whatever_the_records_are_each_path_leads_to_its_page_over_published_pages(
    records: list[Record],
) -> None:
    tree = PageTree([home(), *records])
    drafts = {record.id for record in records if record.attributes["adx_publishingstate"] == "Draft"}
    for listed in tree.listed():
        href = tree.href(listed.id)
        assert href is not None
        assert tree.find(href) is listed
        assert not drafts & {listed.id, *(ancestor.id for ancestor in tree.ancestors(listed))}
