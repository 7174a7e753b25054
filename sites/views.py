"""Every address of a portal."""

from __future__ import annotations

from urllib.parse import unquote

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.template.loader import render_to_string

from sites import notices, rendering, theme
from sites.content import read, read_settings, read_tree
from sites.site import Site, may_be_indexed
from sites.spoken import PARAMETER, remember, spoken
from sites.visitors import for_visitors


@login_not_required
@for_visitors
def page(request: HttpRequest, site: Site) -> HttpResponse:
    """The page at the request's path, which has one spelling only: others lead to it."""
    content = read(site.organization, site.website_id)
    shown = content.tree.find(request.path_info)
    href = content.tree.href(shown.id) if shown else None
    if shown is None or href is None:
        return rendering.not_found(site, content, spoken(request, site))
    if request.path_info != unquote(href):
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(f"{href}?{query}" if query else href)
    if chosen := request.GET.get(PARAMETER):
        return remember(HttpResponseRedirect(href), chosen)
    return rendering.page(site, content, shown, spoken(request, site))


@login_not_required
@for_visitors
def theme_css(request: HttpRequest, site: Site) -> HttpResponse:
    """The portal's colours and its face of type."""
    settings = read_settings(site.organization, site.website_id)
    return HttpResponse(theme.style_sheet(settings), content_type="text/css; charset=utf-8")


@login_not_required
@for_visitors
def robots(request: HttpRequest, site: Site) -> HttpResponse:
    """What search engines may look at."""
    lines = ["User-agent: *", "Disallow: /"]
    if may_be_indexed(site.portal):
        lines = ["User-agent: *", "Disallow:", f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}"]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


@login_not_required
@for_visitors
def sitemap(request: HttpRequest, site: Site) -> HttpResponse:
    """The pages that are not hidden, for search engines."""
    tree = read_tree(site.organization, site.website_id)
    addresses = [request.build_absolute_uri(tree.href(page.id)) for page in tree.listed()]
    body = render_to_string("sites/sitemap.xml", {"addresses": addresses})
    return HttpResponse(body, content_type="application/xml; charset=utf-8")


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 400, 403 and 404 on a portal's host."""
    return notices.refused(400)


def failed(request: HttpRequest) -> HttpResponse:
    """Django's own 500 on a portal's host."""
    return notices.failed()
