from __future__ import annotations

import re
import zipfile
from collections import Counter
from io import BytesIO, StringIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command

from organizations.packages import builder, catalog
from organizations.packages.catalog import UnknownSolution

PORTALS = (
    "CustomerSelfServicePortal",
    "CustomPortal",
    "EmployeeSelfServicePortal",
    "PartnerPortal",
    "CommunityPortal",
)
# Add-ons of the Partner Portal, each with the solution that an administrator installs before it.
ADD_ONS = {"PartnerProjectService": "ProjectServiceAutomation", "PartnerFieldService": "FieldService"}
ALL = ("PortalBase", *PORTALS, *ADD_ONS, *ADD_ONS.values())
# A portal's solution, with its add-ons.
COMPOSED = [*((name, ()) for name in PORTALS), ("PartnerPortal", tuple(ADD_ONS))]
# English, German, French, Spanish, Portuguese (Brazil), Italian, Dutch, Japanese.
LANGUAGES = (1033, 1031, 1036, 3082, 1046, 1040, 1043, 1041)


def by_entity(
    unique_name: str, lcid: int, website_id: UUID | None = None, addons: tuple[str, ...] = ()
) -> dict[str, list[dict[str, object]]]:
    data = catalog.sample_records(unique_name, addons=addons, lcid=lcid, website_id=website_id or uuid4())
    found: dict[str, list[dict[str, object]]] = {}
    for entity, record_id, attributes in data.records:
        found.setdefault(entity, []).append({"id": str(record_id), **attributes})
    return found


def paths(pages: list[dict[str, object]]) -> set[str]:
    by_id = {page["id"]: page for page in pages}

    def path(page: dict[str, object]) -> str:
        if page["adx_partialurl"] == "/":
            return "/"
        return f"{path(by_id[page['adx_parentpageid']])}{page['adx_partialurl']}/"

    return {path(page) for page in pages}


def ids(rows: list[dict[str, object]]) -> set[object]:
    return {row["id"] for row in rows}


def order(row: dict[str, object]) -> int:
    place = row["adx_displayorder"]
    assert isinstance(place, int)
    return place


def tags(page: dict[str, object]) -> Counter[str]:
    return Counter(re.findall(r"<([a-z0-9]+)", str(page["adx_copy"])))


def test_prerequisites_come_first() -> None:
    assert catalog.install_order(["CustomerSelfServicePortal"]) == ["PortalBase", "CustomerSelfServicePortal"]


def test_a_solution_that_two_need_comes_once() -> None:
    order = catalog.install_order(["CustomerSelfServicePortal", "CustomPortal", "PortalBase"])
    assert order[0] == "PortalBase"
    assert sorted(order) == ["CustomPortal", "CustomerSelfServicePortal", "PortalBase"]


@pytest.mark.parametrize("name", ["Nothing", "", "../sources/PortalBase", "."])
def test_an_unknown_solution(name: str) -> None:
    with pytest.raises(UnknownSolution):
        catalog.load(name)
    with pytest.raises(UnknownSolution):
        catalog.install_order([name])


def test_the_catalog_tells_what_ships() -> None:
    needs = {
        solution.unique_name: {need.unique_name for need in solution.requires}
        for solution in catalog.shipped()
    }
    assert needs == {
        "PortalBase": set(),
        **{name: {"PortalBase"} for name in PORTALS},
        **{name: {"PartnerPortal", required} for name, required in ADD_ONS.items()},
        **{name: set() for name in ADD_ONS.values()},
    }


@pytest.mark.parametrize("name", ALL)
def test_the_same_sources_make_the_same_bytes(name: str) -> None:
    assert builder.build(catalog.SOURCES / name) == builder.build(catalog.SOURCES / name)


def test_a_package_has_the_parts_of_a_solution() -> None:
    with zipfile.ZipFile(BytesIO(catalog.load("PortalBase"))) as package:
        names = package.namelist()
    assert {"[Content_Types].xml", "customizations.xml", "solution.xml", "CrmTranslations.xml"} <= set(names)
    assert names == sorted(names)


@pytest.mark.parametrize("name", ALL)
def test_labels_are_translated_into_the_languages_of_the_package(name: str) -> None:
    package = catalog.package(name)
    assert package.names.keys() == set(LANGUAGES)
    columns = {(label.component, label.column) for label in package.labels}
    expected = {(*column, lcid) for column in columns for lcid in package.names}
    assert {(label.component, label.column, label.lcid) for label in package.labels} == expected


def test_sample_data_says_which_language_it_is_in() -> None:
    assert catalog.sample_records("CustomPortal", lcid=1031, website_id=uuid4()).lcid == 1031


def test_a_language_without_sample_data_gets_english() -> None:
    turkish = catalog.sample_records("CustomPortal", lcid=1055, website_id=UUID(int=1))
    assert turkish == catalog.sample_records("CustomPortal", lcid=1033, website_id=UUID(int=1))


def test_ids_of_sample_data_follow_from_the_website() -> None:
    one = catalog.sample_records("CustomPortal", lcid=1033, website_id=UUID(int=1)).records
    again = catalog.sample_records("CustomPortal", lcid=1031, website_id=UUID(int=1)).records
    other = catalog.sample_records("CustomPortal", lcid=1033, website_id=UUID(int=2)).records
    assert [record[1] for record in one] == [record[1] for record in again]
    assert not {record[1] for record in one} & {record[1] for record in other}


def test_a_portal_covers_the_settings_of_its_base() -> None:
    settings = {
        setting["adx_name"]: setting["adx_value"]
        for setting in by_entity("CustomPortal", 1033)["adx_sitesetting"]
    }
    assert settings == {"Theme/PrimaryColor": "#334155", "Theme/AccentColor": "#0f766e"}


@pytest.mark.parametrize(("name", "addons"), COMPOSED)
@pytest.mark.parametrize("lcid", LANGUAGES)
class TestSampleData:
    def test_every_link_in_a_text_leads_to_a_page(
        self, name: str, addons: tuple[str, ...], lcid: int
    ) -> None:
        found = by_entity(name, lcid, addons=addons)
        pages = found["adx_webpage"]
        snippets = [str(snippet["adx_value"]) for snippet in found["adx_contentsnippet"]]
        texts = [str(page["adx_copy"]) for page in pages] + snippets
        links = {link for text in texts for link in re.findall(r'href="([^"]*)"', text)}
        assert links <= paths(pages)

    def test_every_web_link_names_a_page_and_a_set(
        self, name: str, addons: tuple[str, ...], lcid: int
    ) -> None:
        found = by_entity(name, lcid, addons=addons)
        pages = {page["id"] for page in found["adx_webpage"]}
        sets = {links["id"] for links in found["adx_weblinkset"]}
        for link in found["adx_weblink"]:
            assert link["adx_pageid"] in pages
            assert link["adx_weblinksetid"] in sets

    def test_there_is_one_home_page(self, name: str, addons: tuple[str, ...], lcid: int) -> None:
        homes = [
            page
            for page in by_entity(name, lcid, addons=addons)["adx_webpage"]
            if "adx_parentpageid" not in page
        ]
        assert [(home["adx_partialurl"], home["adx_pagetemplate"]) for home in homes] == [("/", "Home")]

    def test_the_frame_has_its_words(self, name: str, addons: tuple[str, ...], lcid: int) -> None:
        snippets = {
            snippet["adx_name"] for snippet in by_entity(name, lcid, addons=addons)["adx_contentsnippet"]
        }
        assert {"Header/Title", "Footer/Copyright", "SkipToContent", "PageNotFound/Title"} <= snippets

    def test_texts_are_plain_semantic_html(self, name: str, addons: tuple[str, ...], lcid: int) -> None:
        for page in by_entity(name, lcid, addons=addons)["adx_webpage"]:
            tags = set(re.findall(r"</?([a-z0-9]+)", str(page["adx_copy"])))
            assert tags <= {"h2", "p", "ul", "ol", "li", "a", "strong"}
            assert not re.search(r"<[^>]+\s(?!href=)[a-z-]+=", str(page["adx_copy"]))

    def test_no_page_is_over_the_limits(self, name: str, addons: tuple[str, ...], lcid: int) -> None:
        for page in by_entity(name, lcid, addons=addons)["adx_webpage"]:
            for column, limit in (
                ("adx_name", 40),
                ("adx_title", 100),
                ("adx_summary", 250),
                ("adx_copy", 4000),
            ):
                assert 0 < len(str(page[column])) <= limit, (page["adx_name"], column)

    def test_everything_belongs_to_the_website(self, name: str, addons: tuple[str, ...], lcid: int) -> None:
        website = uuid4()
        records = catalog.sample_records(name, addons=addons, lcid=lcid, website_id=website).records
        assert {attributes["adx_websiteid"] for _, _, attributes in records} == {str(website)}


@pytest.mark.parametrize("lcid", LANGUAGES[1:])
@pytest.mark.parametrize(("name", "addons"), COMPOSED)
def test_another_language_says_the_same_of_the_same_pages_in_other_words(
    name: str, addons: tuple[str, ...], lcid: int
) -> None:
    english = by_entity(name, 1033, UUID(int=1), addons=addons)
    other = by_entity(name, lcid, UUID(int=1), addons=addons)
    assert catalog.sample_records(name, addons=addons, lcid=lcid, website_id=UUID(int=1)).lcid == lcid
    assert {entity: ids(rows) for entity, rows in english.items()} == {
        entity: ids(rows) for entity, rows in other.items()
    }
    for one, same in zip(english["adx_webpage"], other["adx_webpage"], strict=True):
        assert one["adx_copy"] != same["adx_copy"]
        assert one["adx_summary"] != same["adx_summary"]
        assert one["adx_partialurl"] == same["adx_partialurl"]
        assert tags(one) == tags(same)


@pytest.mark.parametrize("name", PORTALS)
def test_each_kind_has_a_colour_of_its_own(name: str) -> None:
    def colour(kind: str) -> object:
        [setting] = [
            s for s in by_entity(kind, 1033)["adx_sitesetting"] if s["adx_name"] == "Theme/PrimaryColor"
        ]
        return setting["adx_value"]

    assert colour(name) not in {colour(other) for other in PORTALS if other != name}


class TestAddOns:
    """What an add-on brings to the portal that it belongs to."""

    def test_its_pages_hang_in_the_portals_tree(self) -> None:
        found = paths(by_entity("PartnerPortal", 1033, addons=tuple(ADD_ONS))["adx_webpage"])
        assert found > paths(by_entity("PartnerPortal", 1033)["adx_webpage"])
        assert {"/projects/who-does-what/", "/field-service/on-site/"} <= found

    def test_its_links_come_last_in_the_portals_navigation(self) -> None:
        found = by_entity("PartnerPortal", 1033, addons=tuple(reversed(ADD_ONS)))
        sets = [links for links in found["adx_weblinkset"] if links["adx_name"] == "Primary Navigation"]
        assert len(sets) == 1
        links = [link for link in found["adx_weblink"] if link["adx_weblinksetid"] == sets[0]["id"]]
        names = [link["adx_name"] for link in sorted(links, key=order)]
        assert names[0] == "Home"
        assert names[-2:] == ["Projects", "Field service"]

    def test_two_add_ons_do_not_share_a_place(self) -> None:
        found = by_entity("PartnerPortal", 1033, addons=tuple(ADD_ONS))
        places = [(page.get("adx_parentpageid"), order(page)) for page in found["adx_webpage"]]
        assert len(set(places)) == len(places)

    def test_a_solution_without_samples_brings_nothing(self) -> None:
        assert not catalog.package("FieldService").samples
        assert not catalog.package("ProjectServiceAutomation").samples


def test_packages_can_be_built_into_a_folder(tmp_path: Path) -> None:
    call_command("build_packages", output=str(tmp_path), verbosity=0, stdout=StringIO())
    assert (tmp_path / "PortalBase.zip").read_bytes() == catalog.load("PortalBase")
