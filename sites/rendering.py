"""From content to pages of HTML."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from domains.routing import canonical_url
from sites.content import Content
from sites.frame import frame_of
from sites.links import Link
from sites.markup import clean
from sites.pages import Page
from sites.site import Site
from sites.spoken import Spoken, labels_of
from sites.tree import PageTree
from sites.words import words

HOME = "Home"
# The server names the template, never a record.
_TEMPLATES = {HOME: "sites/home.html"}
_ORDINARY = "sites/page.html"


def page(site: Site, content: Content, shown: Page, spoken: Spoken) -> HttpResponse:
    """A page in the frame of its portal."""
    tree = content.tree
    ancestors = tree.ancestors(shown)
    context = {
        "page": shown,
        "pages_label": labels_of(site, spoken.info).get("LocalizedCollectionName", ""),
        "canonical": canonical_url(site.portal) + (tree.href(shown.id) or "/").lstrip("/"),
        "copy": clean(shown.copy),
        "breadcrumbs": _links(tree, ancestors),
        "children": [(child, tree.href(child.id)) for child in tree.listed_children(shown)],
        "neighbours": _neighbours(tree, ancestors),
        "section": ancestors[-1] if ancestors else None,
        # Home is above everything, so its link stands for itself only.
        "trail": {ancestor.id for ancestor in ancestors[1:]},
    }
    return _response(_TEMPLATES.get(shown.template, _ORDINARY), site, content, spoken, context)


def not_found(site: Site, content: Content, spoken: Spoken) -> HttpResponse:
    """The portal's own 404, in its language."""
    said = words(site.language.tag)
    copy = clean(content.snippet("PageNotFound/Copy"))
    context = {
        "title": content.snippet("PageNotFound/Title", said.not_found_title),
        "copy": copy,
        "fallback": "" if copy else said.not_found_copy,
        "home": said.home,
    }
    response = _response("sites/not_found.html", site, content, spoken, context)
    response.status_code = 404
    response["X-Robots-Tag"] = "noindex"
    return response


def _neighbours(tree: PageTree, ancestors: list[Page]) -> tuple[Link, ...]:
    """Pages of the same section; the first level is in the navigation already."""
    return _links(tree, tree.listed_children(ancestors[-1])) if len(ancestors) > 1 else ()


def _links(tree: PageTree, pages: list[Page]) -> tuple[Link, ...]:
    return tuple(Link(page.name, tree.href(page.id) or "/", page.id) for page in pages)


def _response(
    template: str, site: Site, content: Content, spoken: Spoken, context: dict[str, Any]
) -> HttpResponse:
    # Without the request: the admin center's context processors have no place on a portal.
    frame = frame_of(site, content, spoken)
    response = HttpResponse(render_to_string(template, {**context, "frame": frame}))
    patch_vary_headers(response, ("Cookie",))
    return response
