from __future__ import annotations

import io
import warnings
import zipfile

import pytest

from organizations.packages import archive, reader
from organizations.packages.package import LabelText, Requirement, SampleRecord
from organizations.ports import Rejected
from tests.organizations.packaging import labelled, package, solution_xml, zipped


def refused(data: bytes) -> str:
    """The sentence with which the reader refuses this package."""
    with pytest.raises(Rejected) as refusal:
        reader.read(data)
    assert refusal.value.code == "bad_package"
    return refusal.value.message


def test_a_package_is_read() -> None:
    read = reader.read(package(solution=solution_xml(requires=("Soil (1.0.0.0)",))))
    assert (read.unique_name, read.version, read.managed) == ("Fruit", "1.2.3.4", True)
    assert read.friendly_name() == "Fruit basket"
    assert read.requires == (Requirement("Soil", "1.0.0.0"),)


def test_the_highest_version_of_a_prerequisite_counts() -> None:
    several = ("Soil (1.9.0.0)", "Soil (1.10.0.0)", "Water (2.0.0.0)", "Soil (1.2.0.0)")
    read = reader.read(package(solution=solution_xml(requires=several)))
    assert read.requires == (Requirement("Soil", "1.10.0.0"), Requirement("Water", "2.0.0.0"))


def test_labels_survive_writing_and_reading() -> None:
    labels = (
        LabelText("pear", "LocalizedName", 1031, "Birne & <Apfel>"),
        LabelText("pear", "LocalizedName", 1033, "Pear"),
        LabelText("pear", "Description", 1036, "Un fruit"),
    )
    read = reader.read(package({"CrmTranslations.xml": labelled(*labels)}))
    assert set(read.labels) == set(labels)


def test_sample_data_is_read_by_language() -> None:
    item = '[{"entity": "pear", "key": "a", "attributes": {"x": 1}}]'
    read = reader.read(package({"data/1031.json": item}))
    assert read.samples == {1031: (SampleRecord("pear", "a", {"x": 1}, {}),)}


def test_not_a_zip_file() -> None:
    assert "not a zip file" in refused(b"PK\x03\x04 something else")


def test_a_damaged_zip_file() -> None:
    data = bytearray(package())
    data[40] ^= 0xFF
    assert "damaged" in refused(bytes(data))


def test_too_large_a_file() -> None:
    assert "larger than" in refused(bytes(archive.MAX_ARCHIVE_BYTES + 1))


def test_a_tag_with_more_attributes_than_a_package_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_XML_ATTRIBUTES", 100)
    crowd = " ".join(f"a{number}=''" for number in range(101))
    assert "more parts than a solution needs" in refused(package(solution=f"<ImportExportXml {crowd}/>"))


def test_a_zip_bomb() -> None:
    assert "far more than" in refused(package({"bomb.xml": bytes(30 * 1024 * 1024)}))


def test_a_bomb_that_lies_about_its_size() -> None:
    data = package({"bomb.xml": bytes(30 * 1024 * 1024)})
    size = (30 * 1024 * 1024).to_bytes(4, "little")
    assert refused(data.replace(size, (10).to_bytes(4, "little")))


def test_too_many_files() -> None:
    assert "more than 1000 files" in refused(package({f"f{number}": "" for number in range(1001)}))


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/passwd", "a/../../b", "C:/x", "a\nb", "..\\evil"])
def test_a_name_that_leads_out(name: str) -> None:
    assert "leads out" in refused(package({name: "x"}))


def test_a_name_that_comes_twice() -> None:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as bag:
        warnings.simplefilter("ignore")  # zipfile warns of what this test is about
        bag.writestr("solution.xml", solution_xml())
        bag.writestr("solution.xml", solution_xml())
    assert "twice" in refused(buffer.getvalue())


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><ImportExportXml>&b;</ImportExportXml>'
    assert "plain, well-formed XML" in refused(package(solution=bomb))


def test_broken_xml() -> None:
    assert "plain, well-formed XML" in refused(package(solution="<ImportExportXml>"))


def test_an_unknown_encoding() -> None:
    text = '<?xml version="1.0" encoding="nonsense"?><ImportExportXml/>'
    assert "plain, well-formed XML" in refused(package(solution=text))


def test_no_solution_xml() -> None:
    assert refused(zipped({"readme.txt": "hello"})) == "The package has no solution.xml."


def test_no_manifest() -> None:
    assert "without a manifest" in refused(package(solution="<ImportExportXml/>"))


@pytest.mark.parametrize("version", ["", "1.2.3", "1.2.3.4.5", "1.2.3.x", "1.2.3.٤", "1.2.3.9999999999"])
def test_a_bad_version(version: str) -> None:
    assert "version" in refused(package(solution=solution_xml(version=version)))


@pytest.mark.parametrize("name", ["", "a b", "../x", "1st", "x" * 101])
def test_a_bad_unique_name(name: str) -> None:
    assert "unique name" in refused(package(solution=solution_xml(unique_name=name)))


@pytest.mark.parametrize("solution", ["", "Soil", "Soil (one)", "(1.0.0.0)"])
def test_a_prerequisite_that_cannot_be_named(solution: str) -> None:
    refused(package(solution=solution_xml(requires=(solution,))))


def test_a_language_that_is_no_lcid() -> None:
    assert "LCID" in refused(package(solution=solution_xml(language="en-US")))


def test_too_many_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_LABELS", 1)
    labels = [LabelText("pear", column, 1033, "x") for column in ("a", "b")]
    assert "more than 1 labels" in refused(package({"CrmTranslations.xml": labelled(*labels)}))


def test_a_label_that_is_too_long() -> None:
    label = LabelText("pear", "LocalizedName", 1033, "x" * 501)
    assert "more than 500 characters: pear LocalizedName" in refused(
        package({"CrmTranslations.xml": labelled(label)})
    )


@pytest.mark.parametrize("content", ["", "<Workbook/>", "<a/>"])
def test_translations_that_are_no_workbook(content: str) -> None:
    assert "CrmTranslations.xml" in refused(package({"CrmTranslations.xml": content}))


@pytest.mark.parametrize("index", ["0", "x", "999999999"])
def test_a_cell_in_an_impossible_column(index: str) -> None:
    book = labelled(LabelText("pear", "LocalizedName", 1031, "Birne")).decode()
    assert 'ss:Index="5"' in book
    assert "impossible column" in refused(
        package({"CrmTranslations.xml": book.replace('ss:Index="5"', f'ss:Index="{index}"')})
    )


@pytest.mark.parametrize(
    "content", ["{", "[1]", '[{"entity": "a"}]', '[{"entity": 1, "key": 2, "attributes": {}}]']
)
def test_sample_data_that_cannot_be_used(content: str) -> None:
    assert "data/1033.json" in refused(package({"data/1033.json": content}))


def test_very_many_tags_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_XML_MARKS", 100)
    assert "more parts than a solution needs" in refused(package({"CrmTranslations.xml": "<a/>" * 101}))


def test_very_much_sample_data_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_SAMPLE_BYTES", 100)
    assert "of sample data" in refused(package({"data/1031.json": "[]" * 51}))


class TestTranslationFiles:
    def test_its_texts_are_read(self) -> None:
        label = LabelText("pear", "LocalizedName", 1031, "Birne")
        assert reader.read_translations(zipped({"CrmTranslations.xml": labelled(label)})) == (label,)

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"no zip", "The file is not a zip file"),
            (zipped({"other.xml": "<a/>"}), "The file has no CrmTranslations.xml."),
            (zipped({"CrmTranslations.xml": "<a/>"}), "cannot be used"),
        ],
    )
    def test_others_are_refused(self, data: bytes, sentence: str) -> None:
        with pytest.raises(Rejected) as refusal:
            reader.read_translations(data)
        assert refusal.value.code == "bad_translations"
        assert sentence in refusal.value.message
