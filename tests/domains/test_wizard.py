from __future__ import annotations

from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.audit import Result, Verb
from accounts.models import AuditRecord
from domains.dns.verdicts import Verdict
from domains.models import Certificate, CustomDomain, WizardDraft
from jobs.models import Job
from provisioning.models import Portal
from provisioning.phases import Packages
from tests.domains.authority import DAY, NOW, Issued
from tests.domains.conftest import HOST, Keep, SignIn, World, pfx

pytestmark = pytest.mark.django_db
OTHER = "shop.fabrikam.shop"
NO_CNAME = {Verdict.PROPAGATING, Verdict.FLATTENED, Verdict.DNS_UNAVAILABLE}


def address(portal: Portal, step: str = "") -> str:
    return f"/portals/{portal.pk}/domains/add/" + (f"?step={step}" if step else "")


def page(browser: Client, portal: Portal, step: str = "") -> str:
    return browser.get(address(portal, step)).content.decode()


def step_of(shown: str) -> str:
    return shown.split('data-wizard-step="')[1].split('"')[0]


def choose(browser: Client, portal: Portal, **fields: Any) -> Any:
    return browser.post(address(portal), fields, follow=True)


@pytest.fixture
def browser(sign_in: SignIn) -> Client:
    return sign_in("system.admin")


@pytest.fixture
def reviewed(browser: Client, portal: Portal, keep: Keep) -> Certificate:
    """A wizard that stands before Next."""
    certificate = keep()
    choose(browser, portal, certificate=str(certificate.pk))
    choose(browser, portal, hostname=HOST)
    return certificate


def bind(browser: Client, portal: Portal) -> Any:
    return choose(browser, portal, step="binding")


def end(state: str, **about: Any) -> None:
    """The job ends, as its worker would write it down."""
    Job.objects.filter(kind="bind-domain").update(state=state, finished_at=timezone.now(), **about)
    domain = CustomDomain.objects.get()
    if state == "succeeded":
        now = timezone.now()
        CustomDomain.objects.update(
            state="bound",
            certificate=domain.next_certificate,
            next_certificate=None,
            published_at=now,
            bound_at=now,
        )
    else:
        CustomDomain.objects.update(state="failed")


def succeed() -> None:
    Job.objects.filter(kind="bind-domain").update(cursor=F("step_count"))
    end("succeeded")


def test_it_begins_with_the_certificate_and_its_words(browser: Client, portal: Portal) -> None:
    shown = page(browser, portal)
    assert step_of(shown) == "certificate"
    assert "Choose a SSL certificate" in shown
    assert (
        "It must be a Personal Information Exchange (.pfx) certificate file that is less than 2 MB in size. Make sure "
        "it is not expired and that it is SHA2 encrypted, because SHA1 encrypted certs have been deprecated."
        in shown
    )
    for title in ("SSL CERTIFICATE", "HOSTNAME", "BINDING", "CONFIRMATION"):
        assert title in shown


def test_an_upload_is_taken_in_and_leads_to_the_host_name(
    browser: Client, portal: Portal, root: Issued
) -> None:
    response = choose(browser, portal, step="certificate", source="upload", file=pfx(root), password="secret")
    shown = response.content.decode()
    assert step_of(shown) == "hostname"
    assert Certificate.objects.get().instance_id == portal.instance_id
    assert f'value="{HOST}"' in shown  # the certificate's only name is suggested


def test_an_upload_that_is_refused_says_why_and_stays(browser: Client, portal: Portal, root: Issued) -> None:
    response = choose(browser, portal, source="upload", file=pfx(root), password="wrong")
    assert response.status_code == 422
    assert 'data-error-code="bad_password_or_damaged"' in response.content.decode()
    assert not WizardDraft.objects.exists()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"source": "existing"}, "certificate_missing"),
        ({"source": "existing", "certificate": "nonsense"}, "invalid_choice"),
        ({"source": "upload"}, "no_file"),
        ({"step": "certificate"}, "no_file"),
    ],
)
def test_without_a_certificate_it_goes_no_further(
    browser: Client, portal: Portal, keep: Keep, fields: dict[str, str], code: str
) -> None:
    keep()
    response = browser.post(address(portal), {"step": "certificate", **fields})
    assert response.status_code == 422
    assert f'data-error-code="{code}"' in response.content.decode()


def test_a_certificate_of_another_organization_is_neither_offered_nor_taken(
    browser: Client, portal: Portal, keep: Keep, world: World
) -> None:
    foreign = keep(instance=world.sandbox)
    assert str(foreign.pk) not in page(browser, portal)
    response = browser.post(address(portal), {"source": "existing", "certificate": str(foreign.pk)})
    assert response.status_code == 422


def test_an_expired_certificate_is_offered_with_its_reason_only(
    browser: Client, portal: Portal, keep: Keep
) -> None:
    row = keep(begins=NOW - 40 * DAY)
    Certificate.objects.update(not_after=NOW - DAY, ends_at=NOW - DAY)
    shown = page(browser, portal)
    assert "(expired on" in shown
    response = browser.post(address(portal), {"source": "existing", "certificate": str(row.pk)})
    assert 'data-error-code="expired"' in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "hostname_missing"),
        ("https://support.fabrikam.shop/", "hostname_scheme"),
        ("192.0.2.1", "hostname_address"),
        ("mine.portals.localhost", "hostname_own"),
        (OTHER, "host_mismatch"),
    ],
)
def test_a_host_name_that_does_not_do_is_refused_before_it_costs_anything(
    browser: Client, portal: Portal, keep: Keep, typed: str, code: str
) -> None:
    choose(browser, portal, certificate=str(keep().pk))
    response = browser.post(address(portal), {"hostname": typed})
    assert response.status_code == 422
    assert f'data-error-code="{code}"' in response.content.decode()
    assert WizardDraft.objects.get().hostname == ""
    assert not Job.objects.filter(kind="bind-domain").exists()


def test_where_an_existing_certificate_does_not_cover_the_host_the_list_says_so(
    browser: Client, portal: Portal, reviewed: Certificate, keep: Keep
) -> None:
    keep(OTHER)
    shown = page(browser, portal, "certificate")
    assert f"does not cover {HOST}, but {OTHER}" in shown


def test_the_host_of_another_portal_is_taken(
    browser: Client, portal: Portal, keep: Keep, world: World
) -> None:
    certificate = keep()
    other = Portal.objects.exclude(pk=portal.pk).first()
    assert other is not None
    CustomDomain.objects.create(
        portal=other, hostname=HOST, certificate=certificate, published_at=timezone.now()
    )
    choose(browser, portal, certificate=str(certificate.pk))
    response = browser.post(address(portal), {"hostname": HOST})
    assert 'data-error-code="hostname_taken"' in response.content.decode()


def test_whoever_loses_the_host_to_another_portal_reads_so_in_the_wizard(
    browser: Client, portal: Portal, reviewed: Certificate, keep: Keep
) -> None:
    other = Portal.objects.exclude(pk=portal.pk).first()
    assert other is not None
    assert 'data-error-code="hostname_taken"' not in page(browser, portal)
    CustomDomain.objects.create(
        portal=other, hostname=HOST, certificate=reviewed, published_at=timezone.now()
    )
    shown = page(browser, portal)
    assert step_of(shown) == "binding"
    assert 'data-error-code="hostname_taken"' in shown
    assert f"{HOST} belongs to another portal of this installation." in shown


def test_before_next_one_sees_everything_and_the_record_to_add(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    shown = page(browser, portal)
    assert step_of(shown) == "binding"
    assert reviewed.thumbprint in shown
    assert portal.host in shown
    assert "CNAME" in shown
    assert not CustomDomain.objects.exists()


def test_one_can_go_back_and_forth_without_losing_anything(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    assert f'value="{reviewed.pk}" selected' in page(browser, portal, "certificate")
    assert f'value="{HOST}"' in page(browser, portal, "hostname")
    assert step_of(page(browser, portal, "binding")) == "binding"


def test_it_goes_on_where_it_was_after_signing_out_and_for_another_person(
    browser: Client, portal: Portal, reviewed: Certificate, sign_in: SignIn
) -> None:
    browser.post("/accounts/logout/")
    assert step_of(page(sign_in("system.admin"), portal)) == "binding"
    assert step_of(page(sign_in("global.admin"), portal)) == "binding"
    shown = sign_in("system.admin").get(f"/portals/{portal.pk}/domains/").content.decode()
    assert "Go on with it" in shown


@pytest.mark.parametrize("asked", ["confirmation", "binding", "hostname", "nonsense", ""])
def test_no_step_is_skipped(browser: Client, portal: Portal, asked: str) -> None:
    assert step_of(page(browser, portal, asked)) == "certificate"
    assert step_of(bind(browser, portal).content.decode()) == "certificate"


def test_next_asks_for_the_binding_once(browser: Client, portal: Portal, reviewed: Certificate) -> None:
    first, second = bind(browser, portal), bind(browser, portal)
    job = Job.objects.get(kind="bind-domain")
    assert job.inputs["hostname"] == HOST
    assert job.inputs["certificate_id"] == str(reviewed.pk)
    for response in (first, second):
        assert f'data-job="{job.pk}"' in response.content.decode()


def test_steps_of_the_wizard_are_no_bindings_in_the_audit_trail(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    choose(browser, portal, hostname="not a host")
    bindings = AuditRecord.objects.filter(verb=Verb.BIND_DOMAIN)
    assert not bindings.exists()
    bind(browser, portal)
    assert bindings.get().result == Result.DONE


def test_while_the_job_works_nothing_else_can_be_chosen(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    bind(browser, portal)
    assert step_of(page(browser, portal, "certificate")) == "binding"
    assert step_of(choose(browser, portal, hostname=OTHER).content.decode()) == "binding"
    assert WizardDraft.objects.get().hostname == HOST


def see(portal: Portal, verdict: str = "wrong_target") -> None:
    """DNS was asked, and this is what it said."""
    CustomDomain.objects.update(
        checked_at=timezone.now(),
        evidence={
            "verdict": verdict,
            "target": "old.fabrikam.shop",
            "is_apex": False,
            "expected": portal.host,
            "proof_name": f"_portal-verify.{HOST}",
            "proof_text": "portal=1",
            "at": "2026-11-21T14:02:00+00:00",
            "again_at": "2026-11-21T14:32:00+00:00",
            "rows": [
                {
                    "server": "ns1.fabrikam.shop",
                    "is_resolver": False,
                    "asked": f"{HOST} CNAME",
                    "seen": "old.fabrikam.shop",
                    "ttl": 1800,
                    "leads_here": False,
                }
            ],
        },
    )


def test_dns_that_does_not_lead_here_yet_is_shown_with_what_every_server_said(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    bind(browser, portal)
    see(portal)
    shown = page(browser, portal)
    assert "Please add a CNAME record to this domain name." in shown
    assert 'data-error-code="wrong_target"' in shown
    for words in ("ns1.fabrikam.shop", "old.fabrikam.shop", "1800", "2:32", portal.host):
        assert words in shown
    fragment = browser.get(f"{address(portal)}evidence/?seen=x")
    assert 'data-dns-verdict="wrong_target"' in fragment.content.decode()
    seen = fragment.content.decode().split("evidence/?seen=")[1].split('"')[0]
    assert browser.get(f"{address(portal)}evidence/?seen={seen}").status_code == 204


def test_a_failure_shows_its_reason_the_error_id_and_restart(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    bind(browser, portal)
    end("failed", error_code="wrong_target", error_message="It leads elsewhere.", error_id="3D7E40AD")
    shown = page(browser, portal)
    assert 'data-error-code="wrong_target"' in shown
    assert "It leads elsewhere." in shown
    assert "3D7E40AD" in shown
    response = browser.post(f"/portals/{portal.pk}/domains/restart/", follow=True)
    assert Job.objects.filter(kind="bind-domain").count() == 2
    assert 'data-job-state="queued"' in response.content.decode()


@pytest.mark.parametrize(
    ("verdict", "asked"),
    [(verdict.value, verdict not in NO_CNAME) for verdict in Verdict if verdict is not Verdict.VERIFIED],
)
def test_a_cname_record_is_asked_for_where_it_is_what_is_missing(
    browser: Client, portal: Portal, reviewed: Certificate, verdict: str, asked: bool
) -> None:
    bind(browser, portal)
    see(portal, verdict)
    shown = page(browser, portal)
    assert f'data-error-code="{verdict}"' in shown
    assert ("Please add a CNAME record to this domain name." in shown) is asked


def test_at_our_addresses_only_the_record_that_proves_it_is_asked_for(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    bind(browser, portal)
    see(portal, "flattened")
    record = page(browser, portal).split('grid record">')[1].split("</table>")[0]
    assert ">TXT<" in record
    assert 'data-copy="portal=1"' in record
    assert ">CNAME<" not in record


def test_what_dns_said_is_told_once_where_it_is_why_the_job_failed(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    bind(browser, portal)
    see(portal)
    end("failed", error_code="wrong_target", error_message="Said in English.", error_id="3D7E40AD")
    for shown in (page(browser, portal), browser.get(f"/portals/{portal.pk}/domains/").content.decode()):
        assert shown.count('data-error-code="wrong_target"') == 1
        assert "3D7E40AD" in shown
        assert "Create SSL binding: Failed" in shown


def test_a_failure_of_something_else_is_told_beside_what_dns_said(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    bind(browser, portal)
    see(portal)
    end("failed", error_code="edge_silent", error_message="The edge says nothing.", error_id="3D7E40AD")
    for shown in (page(browser, portal), browser.get(f"/portals/{portal.pk}/domains/").content.decode()):
        assert 'data-error-code="edge_silent"' in shown
        assert "The edge says nothing." in shown


def test_only_a_domain_that_was_served_is_said_to_be_removed_after_a_week(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    bind(browser, portal)
    CustomDomain.objects.update(failing_since=timezone.now())
    grids = f"/portals/{portal.pk}/domains/"
    assert "after seven days" not in browser.get(grids).content.decode()
    CustomDomain.objects.update(published_at=timezone.now())
    assert "after seven days" in browser.get(grids).content.decode()


def test_after_a_failure_another_host_can_be_chosen(browser: Client, portal: Portal, keep: Keep) -> None:
    choose(browser, portal, certificate=str(keep(HOST, OTHER).pk))
    choose(browser, portal, hostname=HOST)
    bind(browser, portal)
    end("failed")
    assert step_of(choose(browser, portal, host_source="new", hostname=OTHER).content.decode()) == "binding"
    bind(browser, portal)
    assert CustomDomain.objects.get().hostname == OTHER


def test_done_says_so_with_a_link_and_finish_closes_it(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    bind(browser, portal)
    succeed()
    shown = page(browser, portal, "binding")  # where the page of the job is when it ends
    assert step_of(shown) == "confirmation"
    assert "Custom Domain name has been successfully configured for this Portal. You can now go to" in shown
    assert f'href="https://{HOST}' in shown
    choose(browser, portal, step="confirmation")
    assert not WizardDraft.objects.exists()
    grids = browser.get(f"/portals/{portal.pk}/domains/").content.decode()
    assert "Hostname Assigned to Portal" in grids
    assert "SSL Bindings" in grids
    assert f'data-domain="{HOST}" data-domain-state="bound"' in grids
    assert reviewed.thumbprint in grids


def test_a_portal_has_one_custom_domain_whose_certificate_can_be_changed(
    browser: Client, portal: Portal, reviewed: Certificate, keep: Keep
) -> None:
    bind(browser, portal)
    succeed()
    choose(browser, portal, step="confirmation")
    first = page(browser, portal)  # told before a certificate is uploaded for nothing
    assert f"This portal has the custom domain name <bdi>{HOST}</bdi> already" in first
    assert "Add a new hostname" not in browser.get(f"/portals/{portal.pk}/domains/").content.decode()
    newer = keep(HOST, OTHER, ends=NOW + 100 * DAY)
    choose(browser, portal, certificate=str(newer.pk))
    response = browser.post(address(portal), {"host_source": "new", "hostname": OTHER})
    assert 'data-error-code="one_domain_only"' in response.content.decode()
    assert step_of(choose(browser, portal, existing_hostname=HOST).content.decode()) == "binding"
    bind(browser, portal)
    domain = CustomDomain.objects.get()
    assert (domain.certificate, domain.next_certificate) == (reviewed, newer)


def test_cancel_forgets_what_was_chosen_and_keeps_the_certificate(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    choose(browser, portal, step="cancel")
    assert not WizardDraft.objects.exists()
    assert Certificate.objects.filter(pk=reviewed.pk).exists()


def test_a_certificate_that_is_deleted_meanwhile_leads_back_to_its_step(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    reviewed.delete()
    assert step_of(page(browser, portal)) == "certificate"
    assert step_of(bind(browser, portal).content.decode()) == "certificate"


def test_removal_asks_first_and_names_the_record_to_remove(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    bind(browser, portal)
    succeed()
    remove = f"/portals/{portal.pk}/domains/remove/"
    shown = browser.get(remove).content.decode()
    assert HOST in shown
    assert "Remove the CNAME record" in shown
    assert not Job.objects.filter(kind="unbind-domain").exists()
    browser.post(remove)
    assert Job.objects.get(kind="unbind-domain").inputs["hostname"] == HOST


def test_while_a_domain_is_removed_the_wizard_leads_to_the_domains(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    bind(browser, portal)
    succeed()
    browser.post(f"/portals/{portal.pk}/domains/remove/")
    assert browser.get(address(portal)).status_code == 302
    assert 'data-domain-state="removing"' in browser.get(address(portal), follow=True).content.decode()


def test_an_ending_certificate_is_told_on_the_page_of_the_domain(
    browser: Client, portal: Portal, reviewed: Certificate
) -> None:
    bind(browser, portal)
    succeed()
    Certificate.objects.update(not_before=NOW - 90 * DAY, not_after=NOW + 5 * DAY, ends_at=NOW + 5 * DAY)
    shown = browser.get(f"/portals/{portal.pk}/domains/").content.decode()
    assert 'role="alert" data-certificate-state="ending"' in shown
    assert f"/certificates/{reviewed.pk}/#replace" in shown


def test_removing_what_is_not_there_is_no_error(browser: Client, portal: Portal) -> None:
    assert browser.post(f"/portals/{portal.pk}/domains/remove/", follow=True).status_code == 200


def test_trial_portals_show_the_entries_with_the_reason(browser: Client, portal: Portal) -> None:
    Portal.objects.filter(pk=portal.pk).update(type="trial", development_status="")
    shown = browser.get(f"/portals/{portal.pk}/actions/").content.decode()
    assert "Set up custom domains and SSL" in shown
    assert shown.count("this portal belongs to a trial subscription.") == 3
    for response in (browser.get(address(portal)), browser.post(address(portal), {"hostname": HOST})):
        assert response.status_code == 409
        assert "trial subscription" in response.content.decode()


def test_while_packages_install_nothing_can_be_changed(browser: Client, portal: Portal) -> None:
    Portal.objects.filter(pk=portal.pk).update(packages=Packages.INSTALLING)
    response = browser.post(address(portal), {"hostname": HOST})
    assert response.status_code == 409
    assert "still in progress" in response.content.decode()


@pytest.mark.parametrize("local", ["customizer", "csr", "nobody"])
def test_who_does_not_manage_the_portal_sees_none_of_it(sign_in: SignIn, portal: Portal, local: str) -> None:
    for path in ("", "add/", "add/evidence/", "remove/"):
        assert sign_in(local).get(f"/portals/{portal.pk}/domains/{path}").status_code == 403


def test_the_pages_cost_a_bounded_number_of_questions(
    browser: Client,
    portal: Portal,
    reviewed: Certificate,
    keep: Keep,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(20):
        keep(f"h{number}.fabrikam.shop")
    bind(browser, portal)
    for path in ("add/", "", "add/evidence/?seen=x"):
        with django_assert_max_num_queries(16):
            assert browser.get(f"/portals/{portal.pk}/domains/{path}").status_code == 200
