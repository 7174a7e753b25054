"""HTML from records, made safe: what administrators write is shown, but never runs and never leaves its place."""

from __future__ import annotations

import nh3
from django.utils.safestring import SafeString

# No h1: the page's title is the only one.
_TAGS = set(
    "a abbr address article aside b bdi bdo blockquote br caption cite code col colgroup data dd del details dfn "
    "div dl dt em figcaption figure h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp section "
    "small span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr".split()
)
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href", "hreflang"},
    "bdo": {"dir"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "details": {"open"},
    "img": {"alt", "height", "src", "width"},
    "li": {"value"},
    "ol": {"reversed", "start", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
# Classes that the style sheets of a portal know; any other could put text over the frame of the page.
_CLASSES = set(
    "lead small btn btn-primary btn-outline-primary btn-lg btn-sm table "
    "table-striped table-bordered table-responsive alert alert-info alert-success alert-warning alert-danger badge "
    "text-bg-primary text-bg-secondary card card-body card-title card-text row col col-md-3 col-md-4 col-md-6 "
    "col-md-8 col-md-9 col-lg-3 col-lg-4 col-lg-6 col-lg-8 g-2 g-3 g-4 list-unstyled list-inline list-inline-item "
    "blockquote figure figure-caption img-fluid rounded text-center text-muted".split()
)
# Names from outside the list take their content with them, where that content is no text for people.
_WITH_CONTENT = set(
    "script style template noscript noframes noembed iframe object svg math textarea title xmp".split()
)


def clean(html: str) -> SafeString:
    """The HTML without scripts, styles, handlers, forms, frames, ids, and addresses other than http(s), mail,
    telephone and relative ones. Pictures come from the portal itself only, as its content policy has it.
    """
    return SafeString(
        nh3.clean(
            html,
            tags=_TAGS,
            clean_content_tags=_WITH_CONTENT,
            attributes=_ATTRIBUTES,
            attribute_filter=_filter,
            allowed_classes=dict.fromkeys(_TAGS, _CLASSES),
            url_schemes={"http", "https", "mailto", "tel"},
            link_rel="noopener noreferrer",
        )
    )


def _filter(tag: str, attribute: str, value: str) -> str | None:
    """None takes the attribute away."""
    if tag == "img" and attribute == "src":
        here = value.startswith("/") and value[1:2] not in ("/", "\\") and value.isprintable()
        return value if here else None
    return value
