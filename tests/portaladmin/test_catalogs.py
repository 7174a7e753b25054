"""The catalogs follow the code: nothing is missing, left over or half done."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings

from portaladmin.catalogs.compiling import compile_catalogs
from portaladmin.catalogs.extracting import template_catalog, texts
from portaladmin.catalogs.updating import PLURALS, read

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
VALUES = re.compile(r"%\(\w+\)s|\{\w*\}")
TAGS = re.compile(r"</?\w+")


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    return template_catalog()


def ids(catalog: Catalog) -> set[str | tuple[str, ...]]:
    return {tuple(m.id) if isinstance(m.id, list) else m.id for m in catalog if m.id}


@pytest.mark.parametrize("language", LANGUAGES)
class TestCatalog:
    def test_it_holds_the_texts_of_the_code_and_no_others(self, language: str, wanted: Catalog) -> None:
        has = ids(read(language))
        assert ids(wanted) - has == set(), "run `manage.py messages` and translate what is new"
        assert has - ids(wanted) == set(), "run `manage.py messages`, which removes them"

    def test_everything_is_translated(self, language: str) -> None:
        forms = int(PLURALS[language].partition("=")[2].partition(";")[0])
        for message in read(language):
            if not message.id:
                continue
            assert not message.fuzzy, message.id
            strings = message.string if isinstance(message.string, list | tuple) else [message.string]
            assert all(strings), message.id
            assert len(strings) == (forms if message.pluralizable else 1), message.id

    def test_values_and_markup_are_those_of_the_original(self, language: str) -> None:
        for message in read(language):
            if not message.id:
                continue
            originals = [message.id] if isinstance(message.id, str) else list(message.id)
            strings = [message.string] if isinstance(message.string, str) else list(message.string or [])
            for string in strings:
                values = set(VALUES.findall(originals[-1]))
                if message.pluralizable:  # "one step" needs no number
                    assert set(VALUES.findall(string)) <= values, message.id
                else:
                    assert set(VALUES.findall(string)) == values, message.id
                assert sorted(TAGS.findall(string)) == sorted(TAGS.findall(originals[-1])), message.id
                # Texts stand in attributes, too.
                assert string.count('"') == originals[-1].count('"'), message.id
                assert string == string.strip(), message.id


def test_arabic_has_six_forms(tmp_path: Path) -> None:
    compile_catalogs(tmp_path)
    arabic = gettext.translation("django", tmp_path, ["ar"])
    one, many = "%(done)s of %(total)s step", "%(done)s of %(total)s steps"
    shown = [arabic.ngettext(one, many, n) for n in (0, 1, 2, 3, 11, 100)]
    assert len(set(shown)) == 6
    for n, form in ((5, 3), (10, 3), (12, 11), (99, 11), (101, 100), (102, 100), (103, 3), (111, 11)):
        assert arabic.ngettext(one, many, n) == arabic.ngettext(one, many, form), n


def test_a_compiled_catalog_is_replaced_as_a_whole(tmp_path: Path) -> None:
    assert compile_catalogs(tmp_path) == sorted(LANGUAGES)
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.name for path in before} == {"django.mo"}
    compile_catalogs(tmp_path)
    assert all(path.stat().st_ino != inode for path, inode in before.items())


def test_texts_are_found_in_templates_and_modules(tmp_path: Path) -> None:
    (tmp_path / "templates" / "sites").mkdir(parents=True)
    (tmp_path / "templates" / "page.html").write_text(
        '<p title="{% translate "A title" %}">{% field form.x help=_("Some help") %}\n'
        "   {% blocktranslate trimmed count n=2 %}\n      One {{ n }}\n    {% plural %}\n Two\n lines {{ n }}"
        "{% endblocktranslate %}\n  {# no text #}</p>"
    )
    (tmp_path / "templates" / "sites" / "home.html").write_text('{% translate "Not ours" %}')
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "a.py").write_text(
        'a = N_("Marked")\nb = gettext("In " "two parts")\nStep("x", "A step", run)\n'
        'Kind(name="k", title="A kind")\nmessages.info(request, "Told")\nlog.info(request, "not told")\n'
        'messages.info(request, f"{a}")\nraise PermissionDenied("No.")\n'
    )
    found = [(text.singular, text.plural) for text in texts(tmp_path)]
    assert found == [
        ("A title", ""),
        ("Some help", ""),
        ("One %(n)s", "Two lines %(n)s"),
        ("Marked", ""),
        ("In two parts", ""),
        ("A step", ""),
        ("A kind", ""),
        ("Told", ""),
        ("No.", ""),
    ]
