from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditRecord
from accounts.vault import CannotOpen
from domains.certificates import keeping
from domains.models import Certificate, CustomDomain
from provisioning.models import Portal
from tests.domains.authority import DAY, NOW, Issued
from tests.domains.conftest import HOST, Keep, SignIn, World, pfx
from tests.domains.corpus import SECRET, packed

pytestmark = pytest.mark.django_db
PAGE = "/certificates/"


def upload(browser: Client, file: Any, world: World, password: str = SECRET, **more: Any) -> Any:
    sent = {"file": file, "password": password, "instance": str(world.production.pk), **more}
    return browser.post(PAGE, sent, follow=True)


def test_an_uploaded_certificate_is_listed_with_what_people_look_for(
    world: World, sign_in: SignIn, root: Issued
) -> None:
    response = upload(sign_in("system.admin"), pfx(root), world)
    row = Certificate.objects.get()
    shown = response.content.decode()
    assert response.status_code == 200
    assert f'data-certificate="{row.thumbprint}"' in shown
    assert (row.subject, row.names, row.issuer) == (HOST, [HOST], "Contoso Test Root")
    assert "not in use" in shown
    assert f"The certificate of {HOST} was added." in shown


def test_its_key_is_sealed_for_its_row(world: World, sign_in: SignIn, root: Issued) -> None:
    upload(sign_in("system.admin"), pfx(root), world)
    row = Certificate.objects.get()
    assert "PRIVATE KEY" in row.unseal_key()
    assert "PRIVATE" not in row.sealed_key
    other = Certificate(sealed_key=row.sealed_key)
    with pytest.raises(CannotOpen):
        other.unseal_key()


def test_neither_key_nor_password_is_in_log_or_session(
    world: World, sign_in: SignIn, root: Issued, caplog: pytest.LogCaptureFixture
) -> None:
    browser = sign_in("system.admin")
    with caplog.at_level(logging.DEBUG):
        upload(browser, pfx(root, password="hush hush"), world, password="hush hush")
        upload(browser, pfx(root, password="hush hush"), world, password="hush rush")
    kept = caplog.text + str(dict(browser.session.items()))
    assert "hush" not in kept
    assert "PRIVATE KEY" not in kept


@pytest.mark.parametrize(
    ("content", "password", "code", "field"),
    [
        (b"", "secret", "empty", "file"),
        (b"x" * 3 * 1024 * 1024, "secret", "too_large", "file"),
        (b"-----BEGIN CERTIFICATE-----\n", "secret", "is_pem", "file"),
        (b"nonsense", "secret", "not_pkcs12", "file"),
    ],
)
def test_a_refused_file_names_its_code_beside_the_field_and_keeps_nothing(
    world: World, sign_in: SignIn, content: bytes, password: str, code: str, field: str
) -> None:
    response = upload(sign_in("system.admin"), SimpleUploadedFile("a.pfx", content), world, password)
    assert response.status_code == 422
    assert f'id="id_{field}-error"><div data-error-code="{code}">' in response.content.decode()
    assert not Certificate.objects.exists()


def test_a_form_without_a_file_says_so(world: World, sign_in: SignIn) -> None:
    response = sign_in("system.admin").post(PAGE, {"instance": str(world.production.pk)})
    assert 'data-error-code="no_file"' in response.content.decode()


def test_a_wrong_password_is_told_beside_the_password(world: World, sign_in: SignIn, root: Issued) -> None:
    shown = upload(sign_in("system.admin"), pfx(root), world, "wrong").content.decode()
    assert 'id="id_password-error"><div data-error-code="bad_password_or_damaged">' in shown
    assert "Choose the file once more: it was not kept." in shown
    assert 'value="wrong"' not in shown


def test_guessing_passwords_is_slowed_down(
    world: World, sign_in: SignIn, root: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "OPENINGS", 2)
    browser = sign_in("system.admin")
    codes = [
        b'data-error-code="too_many_attempts"' in upload(browser, pfx(root), world, "x").content
        for _ in "abc"
    ]
    assert codes == [False, False, True]


def test_the_same_file_again_changes_nothing_and_a_fuller_chain_is_taken(
    world: World, sign_in: SignIn, root: Issued
) -> None:
    middle = root.issue("Middle", ca=True, usages=None)
    leaf = middle.issue(HOST, [HOST])

    def file(*others: Any) -> SimpleUploadedFile:
        return SimpleUploadedFile("a.pfx", packed(leaf, list(others), "secret"))

    browser = sign_in("system.admin")
    upload(browser, file(), world)
    again = upload(browser, file(), world).content.decode()
    assert "there already, so nothing was changed" in again
    assert Certificate.objects.get().revision == 1
    better = upload(browser, file(middle.certificate), world).content.decode()
    row = Certificate.objects.get()
    assert "more complete now" in better
    assert (row.revision, row.chain.count("BEGIN")) == (2, 2)
    upload(browser, file(), world)
    assert Certificate.objects.get().chain.count("BEGIN") == 2


def test_warnings_stand_on_the_certificates_page(sign_in: SignIn, keep: Keep) -> None:
    shown = sign_in("system.admin").get(f"{PAGE}{keep().pk}/").content.decode()
    assert 'data-warning-code="untrusted_root"' in shown
    assert "Contoso Test Root" in shown


def test_a_certificate_is_listed_in_its_organization_only(world: World, sign_in: SignIn, keep: Keep) -> None:
    here, there = keep(), keep(instance=world.sandbox)
    browser = sign_in("global.admin")
    for instance, own, other in ((world.production, here, there), (world.sandbox, there, here)):
        shown = browser.get(PAGE, {"instance": str(instance.pk)}).content.decode()
        assert own.thumbprint in shown
        assert other.thumbprint not in shown


@pytest.mark.parametrize("local", ["customizer", "csr", "nobody"])
def test_who_does_not_manage_an_organization_sees_no_certificate(
    sign_in: SignIn, world: World, keep: Keep, root: Issued, local: str
) -> None:
    browser, row = sign_in(local), keep()
    assert browser.get(PAGE).status_code == 403
    assert browser.get(f"{PAGE}{row.pk}/").status_code == 403
    assert browser.post(f"{PAGE}{row.pk}/delete/").status_code == 403
    assert upload(browser, pfx(root), world).status_code == 403
    assert Certificate.objects.count() == 1


def test_an_instance_that_one_does_not_manage_cannot_be_named(
    world: World, sign_in: SignIn, root: Issued
) -> None:
    browser = sign_in("system.admin")
    response = upload(browser, pfx(root), world, instance="11111111-2222-3333-4444-555555555555")
    assert response.status_code == 422
    assert 'data-error-code="invalid_choice"' in response.content.decode()
    assert not Certificate.objects.exists()


def test_a_request_that_names_no_instance_means_the_one_that_is_preselected(
    world: World, sign_in: SignIn, root: Issued, portal: Portal
) -> None:
    browser = sign_in("global.admin")
    browser.post(f"{PAGE}?portal={portal.pk}", {"file": pfx(root), "password": SECRET})
    assert Certificate.objects.get().instance_id == portal.instance_id


def bound(portal: Portal, certificate: Certificate, host: str = HOST) -> CustomDomain:
    now = timezone.now()
    return CustomDomain.objects.create(
        portal=portal, hostname=host, certificate=certificate, state="bound", published_at=now, bound_at=now
    )


def test_what_is_bound_cannot_be_deleted_and_the_page_says_by_what(
    sign_in: SignIn, keep: Keep, portal: Portal
) -> None:
    row = keep()
    bound(portal, row)
    response = sign_in("system.admin").post(f"{PAGE}{row.pk}/delete/")
    shown = response.content.decode()
    assert response.status_code == 409
    assert 'data-error-code="in_use"' in shown
    assert HOST in shown
    for path in (f"{PAGE}{row.pk}/", f"{PAGE}{row.pk}/delete/"):  # nothing is asked that is refused then
        before = sign_in("system.admin").get(path).content.decode()
        assert "It cannot be deleted while it is in use" in before
        assert "Do you want to delete" not in before
        assert "Delete this certificate" not in before
    assert Certificate.objects.filter(pk=row.pk).exists()


def test_what_is_not_bound_is_deleted_after_a_question(sign_in: SignIn, keep: Keep) -> None:
    row, browser = keep(), sign_in("system.admin")
    assert row.thumbprint in browser.get(f"{PAGE}{row.pk}/delete/").content.decode()
    assert Certificate.objects.exists()
    browser.post(f"{PAGE}{row.pk}/delete/")
    assert not Certificate.objects.exists()


def replace(browser: Client, row: Certificate, file: Any) -> Any:
    return browser.post(f"{PAGE}{row.pk}/", {"file": file, "password": "secret"}, follow=True)


def test_a_renewal_goes_to_every_domain_and_the_old_one_is_served_meanwhile(
    sign_in: SignIn, keep: Keep, portal: Portal, root: Issued
) -> None:
    row = keep()
    domain = bound(portal, row)
    response = replace(sign_in("system.admin"), row, pfx(root, ends=NOW + 180 * DAY))
    row.refresh_from_db()
    domain.refresh_from_db()
    assert response.status_code == 200
    assert row.replaced_by is not None
    assert domain.certificate == row
    assert domain.next_certificate == row.replaced_by
    assert domain.job is not None
    assert domain.job.inputs["certificate_id"] == str(row.replaced_by.pk)
    assert "without a gap" in response.content.decode()


@pytest.mark.parametrize(
    ("hosts", "ends", "code"),
    [((HOST,), 10, "ends_earlier"), (("other.fabrikam.shop",), 180, "host_mismatch")],
)
def test_what_is_no_renewal_is_refused(
    sign_in: SignIn,
    keep: Keep,
    portal: Portal,
    root: Issued,
    hosts: tuple[str, ...],
    ends: int,
    code: str,
) -> None:
    row = keep()
    bound(portal, row)
    response = replace(sign_in("system.admin"), row, pfx(root, *hosts, ends=NOW + ends * DAY))
    assert response.status_code == 422
    assert f'data-error-code="{code}"' in response.content.decode()
    assert Certificate.objects.count() == 1


def test_the_trail_tells_who_added_replaced_and_deleted_which_certificate(
    sign_in: SignIn, world: World, root: Issued
) -> None:
    browser = sign_in("system.admin")
    upload(browser, pfx(root), world)
    row = Certificate.objects.get()
    replace(browser, row, pfx(root, ends=NOW + 180 * DAY))
    browser.post(f"{PAGE}{row.pk}/delete/")
    records = AuditRecord.objects.filter(subject_kind="certificate").order_by("at", "pk")
    assert [(r.verb, r.result, r.login) for r in records] == [
        ("add-certificate", "done", "system.admin@contoso.example"),
        ("add-certificate", "done", "system.admin@contoso.example"),
        ("replace-certificate", "done", "system.admin@contoso.example"),
        ("delete-certificate", "done", "system.admin@contoso.example"),
    ]
    assert row.thumbprint in str(records[0].after)


def test_an_ending_certificate_says_so(sign_in: SignIn, keep: Keep) -> None:
    keep(begins=NOW - 60 * DAY, ends=NOW + 5 * DAY)
    shown = sign_in("system.admin").get(PAGE).content.decode()
    assert 'data-certificate-state="ending"' in shown


def test_the_page_stands_in_the_frame_of_the_portal_one_came_from(
    sign_in: SignIn, portal: Portal, keep: Keep
) -> None:
    keep()
    shown = sign_in("system.admin").get(PAGE, {"portal": str(portal.pk)}).content.decode()
    assert f"/portals/{portal.pk}/domains/" in shown
    assert HOST in shown


def test_any_nonsense_in_the_address_is_no_error(sign_in: SignIn, world: World) -> None:
    for query in ("?instance=x&portal=y&page=z", "?page=-1", "?instance=&portal="):
        assert sign_in("system.admin").get(PAGE + query).status_code == 200


def test_many_certificates_cost_no_more_questions(
    sign_in: SignIn, keep: Keep, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        keep(f"h{number}.fabrikam.shop")
    browser = sign_in("system.admin")
    with django_assert_max_num_queries(14):
        shown = browser.get(PAGE).content.decode()
    assert shown.count("data-certificate=") == 50


def test_uploads_stay_in_memory(settings: LazySettings) -> None:
    assert settings.FILE_UPLOAD_HANDLERS == ["domains.uploads.MemoryUploadHandler"]
