"""What an organization holds for one portal, read anew for every visitor: a change shows at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from organizations.ports import Condition, Organization, Query, Record
from sites.attributes import text
from sites.links import Link, link_sets
from sites.tree import PageTree

NAVIGATION = "Primary Navigation"
FOOTER = "Footer"
_ON_EVERY_PAGE = ("adx_webpage", "adx_weblinkset", "adx_weblink", "adx_contentsnippet")


@dataclass(frozen=True)
class Content:
    """Pages, links by the name of their set, and content snippets by name."""

    tree: PageTree
    links: Mapping[str, tuple[Link, ...]]
    snippets: Mapping[str, str]

    def snippet(self, name: str, fallback: str = "") -> str:
        """The snippet as it was written; the fallback where it is missing or empty."""
        return self.snippets.get(name) or fallback


def read(organization: Organization, website_id: UUID) -> Content:
    """Everything that a page needs, in one request. Raises what the port raises."""
    pages, sets, links, snippets = organization.query_many(
        [_of_website(entity, website_id) for entity in _ON_EVERY_PAGE]
    )
    tree = PageTree(pages)
    return Content(tree, link_sets(sets, links, tree), _by_name(snippets))


def read_tree(organization: Organization, website_id: UUID) -> PageTree:
    """The pages alone. Raises what the port raises."""
    return PageTree(organization.query(_of_website("adx_webpage", website_id)))


def read_settings(organization: Organization, website_id: UUID) -> Mapping[str, str]:
    """Site settings by name. Raises what the port raises."""
    return _by_name(organization.query(_of_website("adx_sitesetting", website_id)))


def _of_website(entity: str, website_id: UUID) -> Query:
    return Query(entity, [Condition("adx_websiteid", "eq", str(website_id))])


def _by_name(records: Sequence[Record]) -> Mapping[str, str]:
    return {text(record, "adx_name"): text(record, "adx_value") for record in records}
