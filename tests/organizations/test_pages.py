"""Pages of solutions, languages and labels beyond the table: buttons, retry, upload, enable, edit, undo."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from jobs import runner
from jobs.models import Job
from organizations import administration, installations, language_list, uploads
from organizations.connect import connect
from organizations.models import Instance, Label, Language, Solution, UploadedPackage
from organizations.packages import catalog
from organizations.packages.package import LabelText
from tests.organizations.packaging import labelled, package, solution_xml, zipped
from tests.organizations.test_views import ADMINISTRATOR, BASE, CUSTOMIZER, PORTAL, browse, page, states
from tests.organizations.world import ENGLISH, FRENCH, GERMAN, make_user

ARABIC = 1025


@pytest.fixture
def administrator(instance: Instance) -> User:
    return make_user(instance, ADMINISTRATOR, name="Ann Beebe")


@pytest.fixture
def customizer(instance: Instance) -> User:
    return make_user(instance, CUSTOMIZER, name="Carl Dent")


@pytest.fixture
def path(instance: Instance) -> str:
    return f"/instances/{instance.id}/"


def run_all() -> None:
    for job in Job.objects.filter(state="queued"):
        runner.run(job.id)


def said(client: Client, path: str, **fields: Any) -> str:
    """The page that a form leads to, with what it says."""
    return client.post(path, fields, follow=True).content.decode()


def file(data: bytes, name: str = "fruit.zip") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "application/zip")


class TestButtons:
    def test_install_begins_a_job(self, instance: Instance, administrator: User, path: str) -> None:
        client = browse(administrator)
        html = page(client, f"{path}solutions/")
        assert f'name="install" value="{BASE}"' in html
        assert states(said(client, f"{path}solutions/", install=BASE))[BASE] == "pending"
        run_all()
        assert states(page(client, f"{path}solutions/"))[BASE] == "installed"

    def test_upgrade_is_offered_for_an_older_version(
        self, instance: Instance, administrator: User, path: str
    ) -> None:
        Solution.objects.create(
            instance=instance, unique_name=BASE, friendly_name="Portal Base", version="8.0.0.0", layer=1
        )
        client = browse(administrator)
        assert "Upgrade<span" in page(client, f"{path}solutions/")
        client.post(f"{path}solutions/", {"install": BASE})
        run_all()
        assert states(page(client, f"{path}solutions/"))[BASE] == "installed"

    def test_a_customizer_sees_none_and_may_not(self, customizer: User, path: str) -> None:
        client = browse(customizer)
        assert 'name="install"' not in page(client, f"{path}solutions/")
        assert client.post(f"{path}solutions/", {"install": BASE}).status_code == 403
        assert not Job.objects.exists()

    def test_what_nobody_brings_is_answered_with_a_word(self, administrator: User, path: str) -> None:
        assert "There is no solution" in said(browse(administrator), f"{path}solutions/", install="Nothing")

    def test_progress_is_shown_while_it_installs(
        self, instance: Instance, administrator: User, path: str
    ) -> None:
        job = installations.install(instance_id=instance.id, unique_name=BASE, requested_by=administrator)
        installations.installing(instance_id=instance.id, unique_name=BASE, version="9.0.1.0", job_id=job.id)
        client = browse(administrator)
        html = page(client, f"{path}solutions/")
        poll = re.search(r'hx-get="([^"]+)"', html)
        assert poll
        installations.progressed(
            instance_id=instance.id, unique_name=BASE, progress=37, component="adx_webpage"
        )
        html = page(client, poll[1])
        assert 'data-progress="37"' in html
        assert "<code>adx_webpage</code>" in html


class TestRetryPage:
    @pytest.fixture
    def failed(self, instance: Instance, administrator: User) -> Job:
        installations.install(instance_id=instance.id, unique_name=PORTAL, requested_by=administrator)
        run_all()
        return Job.objects.get()

    def address(self, path: str, name: str = PORTAL) -> str:
        return f"{path}solutions/retry/?solution={name}"

    def test_it_says_who_installs_and_why_it_failed(
        self, administrator: User, path: str, failed: Job
    ) -> None:
        html = page(browse(administrator), self.address(path))
        assert "<bdi>Ann Beebe</bdi>" in html
        assert "needs Portal Base 9.0.0.0 or later" in html
        assert f"<code>{failed.error_id}</code>" in html
        assert "data-warning" not in html

    def test_it_warns_when_the_installer_lost_the_role(
        self, instance: Instance, administrator: User, global_admin: User, path: str, failed: Job
    ) -> None:
        instance.system_users.filter(object_id=administrator.directory_object_id).update(disabled=True)
        assert 'data-warning="installer"' in page(browse(global_admin), self.address(path))

    def test_it_warns_when_the_languages_differ_and_lets_a_system_administrator_set_the_default(
        self, instance: Instance, administrator: User, path: str, failed: Job
    ) -> None:
        Job.objects.update(inputs={**failed.inputs, "language": GERMAN})
        client = browse(administrator)
        html = page(client, self.address(path))
        assert 'data-warning="languages-differ"' in html
        assert f'name="default_language" value="{GERMAN}"' in html
        html = said(client, self.address(path), default_language=GERMAN)
        assert "data-warning" not in html
        assert connect(instance).default_language() == GERMAN

    def test_others_cannot_set_the_default(
        self, instance: Instance, global_admin: User, path: str, failed: Job
    ) -> None:
        Job.objects.update(inputs={**failed.inputs, "language": GERMAN})
        client = browse(global_admin)
        assert 'name="default_language"' not in page(client, self.address(path))
        assert client.post(self.address(path), {"default_language": GERMAN}).status_code == 403
        assert connect(instance).default_language() == ENGLISH

    def test_it_warns_when_the_portals_language_is_not_enabled(
        self, administrator: User, path: str, failed: Job
    ) -> None:
        Job.objects.update(inputs={**failed.inputs, "language": FRENCH})
        html = page(browse(administrator), self.address(path))
        assert 'data-warning="language-disabled"' in html
        assert 'name="default_language"' not in html

    @pytest.mark.parametrize("lcid", ["", "x", "1036", "99999999999"])
    def test_a_default_that_is_not_enabled_is_refused(
        self, instance: Instance, administrator: User, path: str, failed: Job, lcid: str
    ) -> None:
        assert "is not enabled in this organization" in said(
            browse(administrator), self.address(path), default_language=lcid
        )
        assert connect(instance).default_language() == ENGLISH

    def test_a_silent_organization_is_said(
        self, instance: Instance, administrator: User, path: str, failed: Job
    ) -> None:
        administration.set_administration_mode(instance_id=instance.id, on=True)
        assert "is in administration mode" in page(browse(administrator), self.address(path))

    @pytest.mark.parametrize("name", ["", BASE, "Nothing"])
    def test_what_did_not_fail_leads_back(
        self, administrator: User, path: str, failed: Job, name: str
    ) -> None:
        response = browse(administrator).get(self.address(path, name), follow=True)
        assert "There is no failed installation of this solution any more." in response.content.decode()


class TestUpload:
    def test_a_package_of_ones_own_is_installed(
        self, instance: Instance, administrator: User, path: str
    ) -> None:
        labels = labelled(LabelText("pear", "Name", ENGLISH, "Pear"))
        client = browse(administrator)
        data = package({"CrmTranslations.xml": labels})
        html = client.post(f"{path}solutions/upload/", {"file": file(data)}, follow=True).content.decode()
        assert states(html)["Fruit"] == "pending"
        assert "Fruit basket" in html
        run_all()
        assert states(page(client, f"{path}solutions/"))["Fruit"] == "installed"
        assert connect(instance).labels("pear", ENGLISH) == {"Name": "Pear"}

    def test_the_same_version_with_other_content_is_imported_again(
        self, instance: Instance, administrator: User, path: str
    ) -> None:
        client = browse(administrator)
        for text in ("Pear", "Peer"):
            data = package({"CrmTranslations.xml": labelled(LabelText("pear", "Name", ENGLISH, text))})
            client.post(f"{path}solutions/upload/", {"file": file(data)})
            run_all()
        assert connect(instance).labels("pear", ENGLISH) == {"Name": "Peer"}
        assert UploadedPackage.objects.count() == 1

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"no zip", "is not a zip file"),
            (zipped({"readme.txt": "hello"}), "has no solution.xml"),
            (zipped({"../solution.xml": "x"}), "leads out of the package"),
            (zipped({"solution.xml": "0" * 3_000_000}), "unpacks to far more"),
            (
                zipped({"solution.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}),
                "not plain, well-formed XML",
            ),
            (package(solution=solution_xml(version="nine")), "not four numbers"),
            (zipped({"solution.xml": "<ImportExportXml/>"}), "without a manifest"),
        ],
        ids=["no-zip", "no-manifest-file", "traversal", "bomb", "entities", "version", "no-manifest"],
    )
    def test_a_bad_one_is_refused_with_a_sentence(
        self, administrator: User, path: str, data: bytes, sentence: str
    ) -> None:
        response = browse(administrator).post(f"{path}solutions/upload/", {"file": file(data)})
        html = response.content.decode()
        assert response.status_code == 422
        assert 'data-error-code="bad_package"' in html
        assert sentence in html
        assert not Job.objects.exists()
        assert not UploadedPackage.objects.exists()

    def test_one_that_the_organization_would_refuse_says_what_it_needs(
        self, administrator: User, path: str
    ) -> None:
        data = package(solution=solution_xml(requires=("Soil (1.0.0.0)",)))
        response = browse(administrator).post(f"{path}solutions/upload/", {"file": file(data)})
        assert response.status_code == 422
        assert "It needs Soil 1.0.0.0 or later, which is not installed." in response.content.decode()
        assert not Job.objects.exists()

    def test_one_that_is_too_large_is_not_even_read(
        self, administrator: User, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "MAX_BYTES", 10)
        response = browse(administrator).post(f"{path}solutions/upload/", {"file": file(package())})
        assert 'data-error-code="too_large"' in response.content.decode()

    def test_nothing_chosen(self, administrator: User, path: str) -> None:
        response = browse(administrator).post(f"{path}solutions/upload/")
        assert 'data-error-code="required"' in response.content.decode()

    @pytest.mark.parametrize("who", ["global_admin", "customizer"])
    def test_only_system_administrators_may(
        self, instance: Instance, path: str, who: str, request: pytest.FixtureRequest
    ) -> None:
        client = browse(request.getfixturevalue(who))
        assert client.get(f"{path}solutions/upload/").status_code == 403
        assert client.post(f"{path}solutions/upload/", {"file": file(package())}).status_code == 403
        assert not UploadedPackage.objects.exists()

    def test_the_table_does_not_read_the_files(
        self,
        instance: Instance,
        administrator: User,
        path: str,
        django_assert_max_num_queries: Callable[[int], Any],
    ) -> None:
        client = browse(administrator)
        client.post(f"{path}solutions/upload/", {"file": file(package())})
        run_all()
        with django_assert_max_num_queries(11) as captured:
            client.get(f"{path}solutions/")
        assert not any('"content"' in query["sql"] for query in captured.captured_queries)


class TestLanguages:
    def test_all_are_listed_by_their_names(self, instance: Instance, customizer: User, path: str) -> None:
        Language.objects.create(instance=instance, lcid=ARABIC, enabled=True)
        html = page(browse(customizer), f"{path}languages/")
        found = dict(re.findall(r'data-language="(\d+)" data-enabled="(\w+)"', html))
        assert found == {"1033": "yes", "1031": "yes", "1025": "yes", "1036": "no"}
        assert 'dir="rtl">العربية' in html
        assert "Not offered to portals" in html
        assert "<form" not in html.partition("<main")[2].partition("</main>")[0]

    def test_enabling_is_asked_back_and_done(
        self, instance: Instance, administrator: User, path: str
    ) -> None:
        client = browse(administrator)
        assert "Enable French (France) in Fabrikam?" in page(client, f"{path}languages/?enable={FRENCH}")
        html = said(client, f"{path}languages/", action="enable", lcid=FRENCH)
        assert "French (France) is enabled." in html
        assert FRENCH in connect(instance).provisioned_languages()

    def test_disabling_says_what_depends_on_it(
        self, instance: Instance, administrator: User, path: str
    ) -> None:
        Label.objects.create(instance=instance, component="pear", column="Name", lcid=GERMAN, text="Birne")
        client = browse(administrator)
        html = page(client, f"{path}languages/?disable={GERMAN}")
        assert "1 text that people wrote in it is kept" in html
        said(client, f"{path}languages/", action="disable", lcid=GERMAN)
        assert connect(instance).provisioned_languages() == [ENGLISH]
        assert Label.objects.count() == 1

    @pytest.mark.parametrize("query", ["enable=1033", "disable=1033", "enable=9", "disable=x", "enable="])
    def test_a_question_that_makes_no_sense_is_not_asked(
        self, administrator: User, path: str, query: str
    ) -> None:
        assert "data-question" not in page(browse(administrator), f"{path}languages/?{query}")

    @pytest.mark.parametrize(
        ("action", "lcid", "sentence"),
        [
            ("enable", "1109", "is not among the languages of this organization"),
            ("enable", "x", "is not among the languages of this organization"),
            ("disable", "1033", "is the base language of this organization"),
            ("default", "1036", "is not enabled in this organization"),
        ],
    )
    def test_what_cannot_be_done_is_said(
        self, instance: Instance, administrator: User, path: str, action: str, lcid: str, sentence: str
    ) -> None:
        before = list(Language.objects.order_by("pk").values())
        html = said(browse(administrator), f"{path}languages/", action=action, lcid=lcid)
        assert sentence in html
        assert list(Language.objects.order_by("pk").values()) == before

    def test_a_default_language_is_set(self, instance: Instance, administrator: User, path: str) -> None:
        said(browse(administrator), f"{path}languages/", action="default", lcid=GERMAN)
        assert connect(instance).default_language() == GERMAN

    def test_a_customizer_looks_only(self, instance: Instance, customizer: User, path: str) -> None:
        client = browse(customizer)
        assert "data-question" not in page(client, f"{path}languages/?enable={FRENCH}")
        response = client.post(f"{path}languages/", {"action": "enable", "lcid": FRENCH})
        assert response.status_code == 403
        assert FRENCH not in connect(instance).provisioned_languages()

    def test_an_organization_that_does_not_answer_is_said(
        self, instance: Instance, administrator: User, path: str
    ) -> None:
        administration.set_administration_mode(instance_id=instance.id, on=True)
        assert "Fabrikam is in administration mode" in page(browse(administrator), f"{path}languages/")


class TestLabels:
    @pytest.fixture(autouse=True)
    def installed(self, instance: Instance) -> None:
        for number, name in enumerate((BASE, "CustomPortal")):
            connect(instance).import_solution(catalog.load(name), operation_id=UUID(int=number))

    def edit(self, client: Client, path: str, text: str, **more: str) -> str:
        fields = {"component": "adx_webpage", "column": "LocalizedName", "text": text, **more}
        return said(client, f"{path}labels/?language={GERMAN}&q=webpage", **fields)

    def test_layers_are_shown_and_which_wins(self, instance: Instance, customizer: User, path: str) -> None:
        html = page(browse(customizer), f"{path}labels/?language={ENGLISH}&q=adx_website")
        row = html.partition('data-component="adx_website" data-column="Description"')[2].partition("</tr>")[
            0
        ]
        assert row.index("Custom Portal") < row.index("Portal Base")
        assert "is shown" in row

    def test_an_edit_lies_above_all_solutions(self, instance: Instance, customizer: User, path: str) -> None:
        html = self.edit(browse(customizer), path, "  Blatt ")
        assert "The label was changed." in html
        assert connect(instance).labels("adx_webpage", GERMAN)["LocalizedName"] == "Blatt"
        assert 'data-column="LocalizedName" data-own="yes"' in html

    def test_a_second_edit_replaces_the_first(self, instance: Instance, customizer: User, path: str) -> None:
        client = browse(customizer)
        self.edit(client, path, "Blatt")
        self.edit(client, path, "Bogen")
        assert connect(instance).labels("adx_webpage", GERMAN)["LocalizedName"] == "Bogen"

    def test_removing_ones_own_text_is_undo(self, instance: Instance, customizer: User, path: str) -> None:
        client = browse(customizer)
        self.edit(client, path, "Blatt")
        html = self.edit(client, path, "", remove="1")
        assert "the solution’s shows again" in html
        assert connect(instance).labels("adx_webpage", GERMAN)["LocalizedName"] == "Webseite"

    @pytest.mark.parametrize(
        ("text", "more", "sentence"),
        [
            ("", {}, "A label needs a text"),
            ("x" * 501, {}, "at most 500 characters"),
            ("a\u0007b", {}, "control characters"),
            ("x", {"component": "nothing"}, "There is no such label"),
        ],
    )
    def test_a_bad_edit_is_refused_with_a_sentence(
        self, instance: Instance, customizer: User, path: str, text: str, more: dict[str, str], sentence: str
    ) -> None:
        html = self.edit(browse(customizer), path, text, **more)
        assert sentence in html
        assert 'data-error-code="bad_label"' in html
        assert not Label.objects.filter(solution=None).exists()

    def test_a_language_that_is_not_enabled_cannot_be_chosen(
        self, instance: Instance, customizer: User, path: str
    ) -> None:
        html = page(browse(customizer), f"{path}labels/?language={FRENCH}")
        assert "Labels in English" in html

    def test_search_finds_texts_names_and_own_ones(self, customizer: User, path: str) -> None:
        client = browse(customizer)
        assert len(rows(page(client, f"{path}labels/?language={GERMAN}&q=Webseiten"))) == 1
        assert rows(page(client, f"{path}labels/?language={GERMAN}&own=1")) == []
        self.edit(client, path, "Blatt")
        assert rows(page(client, f"{path}labels/?language={GERMAN}&own=1")) == [
            ("adx_webpage", "LocalizedName")
        ]
        assert rows(page(client, f"{path}labels/?q=%25%00x".replace("%00", ""))) == []

    def test_pages_follow_one_another_without_a_gap(
        self, instance: Instance, customizer: User, path: str
    ) -> None:
        Label.objects.bulk_create(
            Label(
                instance=instance, component=f"pear{n // 2:03}", column=f"C{n % 2}", lcid=ENGLISH, text=str(n)
            )
            for n in range(60)
        )
        client, seen, address = browse(customizer), [], f"{path}labels/?q=pear"
        while address:
            html = page(client, address)
            seen += rows(html)
            following = re.search(r'href="\?([^"]+)" rel="next"', html)
            address = f"{path}labels/?{following[1]}".replace("&amp;", "&") if following else ""
        assert seen == sorted(set(seen))
        assert len(seen) == 60

    @pytest.mark.parametrize(
        "after", ["x", "[]", "[1,2]", "[" * 2000, '["a"]', "null", r'["\u0000", "a"]', r'["\ud800", "a"]']
    )
    def test_a_place_that_makes_no_sense_is_the_first_page(
        self, customizer: User, path: str, after: str
    ) -> None:
        response = browse(customizer).get(f"{path}labels/", {"after": after})
        assert rows(response.content.decode())

    def test_a_page_costs_the_same_however_many_labels_there_are(
        self,
        instance: Instance,
        customizer: User,
        path: str,
        django_assert_max_num_queries: Callable[[int], Any],
    ) -> None:
        Label.objects.bulk_create(
            Label(instance=instance, component=f"pear{n:04}", column="C", lcid=ENGLISH, text=str(n))
            for n in range(2000)
        )
        client = browse(customizer)
        # Session, person, directory roles, roles in organizations, the instance, its languages; and two for labels.
        with django_assert_max_num_queries(11):
            client.get(f"{path}labels/?q=pear")

    def test_a_translation_file_is_imported(self, instance: Instance, customizer: User, path: str) -> None:
        texts = [LabelText("adx_webpage", "LocalizedName", lcid, "Blatt") for lcid in (GERMAN, FRENCH)]
        data = zipped({"CrmTranslations.xml": labelled(*texts)})
        response = browse(customizer).post(f"{path}labels/", {"file": file(data)}, follow=True)
        html = response.content.decode()
        assert "1 text was taken over." in html
        assert "Left out, since not enabled: French (France)." in html
        assert connect(instance).labels("adx_webpage", GERMAN)["LocalizedName"] == "Blatt"

    def test_a_bad_translation_file_is_refused(self, instance: Instance, customizer: User, path: str) -> None:
        response = browse(customizer).post(f"{path}labels/", {"file": file(b"no")})
        assert response.status_code == 422
        assert 'data-error-code="bad_translations"' in response.content.decode()


def rows(html: str) -> list[tuple[str, str]]:
    return re.findall(r'data-component="([^"]+)" data-column="([^"]+)"', html)


class TestRemember:
    def test_an_organization_elsewhere_is_remembered(self, instance: Instance) -> None:
        Instance.objects.filter(pk=instance.pk).update(kind="dataverse")
        language_list.remember(instance.id, [ENGLISH, FRENCH])
        assert dict(Language.objects.values_list("lcid", "enabled")) == {ENGLISH: True, FRENCH: True}

    def test_ours_knows_itself(self, instance: Instance) -> None:
        language_list.remember(instance.id, [ENGLISH, FRENCH])
        assert connect(instance).provisioned_languages() == [GERMAN, ENGLISH]
