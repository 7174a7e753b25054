"""The developer's half: catalogs that follow the code."""

from __future__ import annotations

import io

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from portaladmin.catalogs import source
from portaladmin.catalogs.extracting import template_catalog

# What CLDR and Django say; gettext's own form, and the same as in Django's catalogs, with which ours are merged.
PLURALS = {
    "de": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
    "n%100>=11 && n%100<=99 ? 4 : 5;",
}


def read(language: str) -> Catalog:
    """The catalog as translators left it."""
    with source(language).open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> int:
    """Write the catalog anew, in the order of the code; how many of its texts wait for a translation."""
    known = read(language) if source(language).exists() else Catalog()
    catalog = template_catalog()
    catalog.mime_headers = [("Plural-Forms", PLURALS[language])]
    number = catalog.num_plurals
    waiting = 0
    for message in catalog:
        if not message.id:
            continue
        old = known.get(message.id)
        if old is not None and _fits(old.string, number, plural=message.pluralizable):
            message.string = old.string
        else:
            message.string = ("",) * number if message.pluralizable else ""
            waiting += 1
    path = source(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_header(language) + _body(catalog))
    return waiting


def _fits(string: str | list[str] | tuple[str, ...] | None, number: int, *, plural: bool) -> bool:
    if plural:
        return isinstance(string, list | tuple) and len(string) == number and all(string)
    return isinstance(string, str) and bool(string)


def _header(language: str) -> bytes:
    """No dates and no names, so that a catalog changes only with its texts."""
    return (
        'msgid ""\nmsgstr ""\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Language: {language}\\n"\n'
        f'"Plural-Forms: {PLURALS[language]}\\n"\n\n'
    ).encode()


def _body(catalog: Catalog) -> bytes:
    # Line numbers would change with every edit above them, so only the files are named.
    for message in catalog:
        message.locations = sorted({(file, 0) for file, _ in message.locations})
    out = io.BytesIO()
    write_po(out, catalog, width=110, omit_header=True, include_lineno=False)
    return out.getvalue()
