"""HTML from records. The corpus holds one line for each way in that we know of."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from sites.markup import clean

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='/x.png' onload='alert(1)'>",
    "<img src=javascript:alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVa\tScRiPt:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<iframe src='https://evil.example'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='x'></object><embed src='x'>",
    "<form action='https://evil.example'><input name=password><button>go</button></form>",
    "<button formaction='javascript:alert(1)'>x</button>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example/'>",
    "<link rel=stylesheet href='//evil.example/x.css'>",
    "<style>body{display:none}</style>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<input autofocus onfocus=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<textarea><script>alert(1)</script></textarea>",
    "<title><img src=x onerror=alert(1)></title>",
    "<xmp><script>alert(1)</script></xmp>",
    "<!--><script>alert(1)</script>-->",
    "<p id='content' name='content'>x</p>",
    "<a target='_blank' ping='https://evil.example' href='/x'>x</a>",
    "<p class='skip site-header notice'>x</p>",
    "<img src='https://evil.example/pixel.gif'>",
    "<img src='//evil.example/pixel.gif'>",
    "<img src='/\\evil.example/pixel.gif'>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img srcset='https://evil.example/x 1x' src='/x.png'>",
    "<p hx-get='/x' data-x='1'>x</p>",
    "</main></body><script>alert(1)</script>",
]

SAFE_SCHEMES = ("http:", "https:", "mailto:", "tel:", "/")
NEVER = set(
    "script style svg math iframe object embed form input button meta base link template video".split()
)


class Reader(HTMLParser):
    """Collects what a browser would see of tags and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_an_attack_is_left(attack: str) -> None:
    for tag, attributes in Reader(clean(attack)).tags:
        assert tag not in NEVER
        for name, value in attributes.items():
            assert not name.startswith(("on", "hx-", "data-"))
            assert name not in ("style", "id", "name", "target", "ping", "srcset", "formaction", "srcdoc")
            if name == "href":
                assert (value or "").startswith(SAFE_SCHEMES)
            if name == "src":
                assert (value or "").startswith("/")
                assert not (value or "").startswith(("//", "/\\"))
            if name == "class":
                assert not {"skip", "site-header", "notice"} & set((value or "").split())


@pytest.mark.parametrize("attack", ATTACKS)
def test_cleaning_twice_changes_nothing(attack: str) -> None:
    assert clean(clean(attack)) == clean(attack)


@pytest.mark.parametrize(
    "html",
    [
        "<h2>Before you begin</h2>",
        "<p>Have your <strong>number</strong> at hand.</p>",
        '<ol start="3"><li>One</li></ol>',
        '<p class="lead">x</p>',
        '<img src="/static/x.png" alt="A box" width="20">',
        '<table class="table"><thead><tr><th scope="col">a</th></tr></thead></table>',
        '<p dir="rtl" lang="he">שלום</p>',
        "<details><summary>More</summary><p>x</p></details>",
    ],
)
def test_what_is_written_well_stays(html: str) -> None:
    assert clean(html) == html


@pytest.mark.parametrize(
    "href", ["/help/", "https://example.com/", "mailto:a@b.example", "tel:+31", "#top", "x/"]
)
def test_links_stay_and_tell_other_sites_nothing(href: str) -> None:
    assert clean(f"<a href='{href}'>x</a>") == f'<a href="{href}" rel="noopener noreferrer">x</a>'


def test_a_page_has_one_first_heading() -> None:
    assert clean("<h1>Big</h1>") == "Big"


def test_scripts_go_with_what_is_in_them() -> None:
    assert clean("a<script>alert(1)</script>b<style>p{}</style>c") == "abc"
