"""The job that binds a custom domain: real name servers, a real edge, and every way in which it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections
from django.utils import timezone

from accounts.models import AuditRecord
from domains import restarting as own_restarting
from domains.dns.lookup import Finding
from domains.models import Certificate, CustomDomain, DanglingRecord
from domains.services import binding, rechecking
from domains.services.binding import BindingRefused
from domains.states import DomainState
from domains.workflows import bind as bind_workflow
from domains.workflows import dangling, evidence
from domains.workflows.bind import pause
from jobs import restarting, runner
from jobs import services as jobs
from jobs.models import Job, Resource
from jobs.states import JobState
from provisioning.models import Portal, PortalType, portal_key
from provisioning.phases import Phase
from provisioning.policies import NotNow
from provisioning.services import reset
from tests.domains.conftest import Keep, SignIn, World, sign_in
from tests.domains.dns.servers import Internet, internet
from tests.domains.serving import Edge, edge, edge_process, fingerprint, routed, served
from tests.provisioning.conftest import run_all
from tests.waiting import until

__all__ = ["edge", "edge_process", "routed", "sign_in"]

pytestmark = pytest.mark.django_db(transaction=True)

HOST = "www.contoso.com"


@pytest.fixture(scope="module")
def net() -> Iterator[Internet]:
    with internet(negative=5) as net:
        yield net


@pytest.fixture(autouse=True)
def name_servers(net: Internet, settings: LazySettings) -> None:
    settings.DNS_RESOLVERS = [f"{net.RESOLVER}:{net.port}"]
    settings.DNS_LOOPBACK_PORT = net.port


def lead(net: Internet, portal: Portal, host: str = "www") -> None:
    net.put(f"{host} 1 IN CNAME {portal.host}.\n")


def bind(portal: Portal, certificate: Certificate, host: str = HOST, **options: Any) -> Job:
    job = binding.bind(
        portal_id=portal.id, hostname=host, certificate_id=certificate.id, user=portal.owner, **options
    )
    runner.run(job.id)
    job.refresh_from_db()
    return job


def told(job: Job) -> str:
    """What a job says of itself, for the reader of a red test."""
    steps = [f"{step.name} {step.state} {step.error_code} {step.error_message}" for step in job.steps.all()]
    return "\n".join([job.error_message, *steps, str(CustomDomain.objects.values("evidence"))])


def domain_of(portal: Portal) -> CustomDomain:
    return CustomDomain.objects.select_related("certificate").get(portal=portal)


def test_a_host_that_leads_here_is_bound_and_served(
    net: Internet, edge: Edge, routed: Portal, keep: Keep
) -> None:
    lead(net, routed)
    certificate = keep(HOST)
    job = bind(routed, certificate)
    assert job.state == JobState.SUCCEEDED, told(job)
    domain = domain_of(routed)
    assert domain.state == DomainState.BOUND
    assert domain.next_certificate is None
    assert domain.verified_at is not None
    assert domain.evidence["verdict"] == "verified"
    assert fingerprint(edge.port, HOST) == certificate.fingerprint
    assert Resource.objects.get(exclusive_key=portal_key(routed.id), kind="custom-domain").state == "made"


def test_a_record_that_is_not_there_yet_is_waited_for(
    net: Internet, edge: Edge, routed: Portal, keep: Keep
) -> None:
    net.put("")
    job = bind(routed, keep("early.contoso.com"), "early.contoso.com")
    domain = domain_of(routed)
    assert (job.state, domain.state) == (JobState.WAITING, DomainState.VERIFYING)
    assert job.run_at > timezone.now() - timedelta(seconds=10)
    assert domain.evidence["verdict"] == "missing"
    assert domain.evidence["again_at"] is not None
    assert domain.failing_since is not None
    assert fingerprint(edge.port, "early.contoso.com") == ""

    lead(net, routed, "early")
    Job.objects.filter(pk=job.pk).update(run_at=timezone.now())
    runner.run(job.id)
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, told(job)
    assert domain_of(routed).failing_since is None


def test_a_mistake_fails_with_its_sentence_and_a_restart_goes_on(
    net: Internet, edge: Edge, routed: Portal, keep: Keep
) -> None:
    net.put("wrong 1 IN CNAME other.portals.com.\n")
    job = bind(routed, keep("wrong.contoso.com"), "wrong.contoso.com")
    assert (job.state, job.error_code) == (JobState.FAILED, "wrong_target")
    assert "other.portals.com" in job.error_message
    assert job.error_id
    assert domain_of(routed).state == DomainState.FAILED
    routed.refresh_from_db()
    assert routed.phase == Phase.CONFIGURED

    lead(net, routed, "wrong")
    again = jobs.restart(job_id=job.id, requested_by=None)
    # The resolver was never asked for the wrong one, so nothing old is in its way.
    runner.run(again.id)
    again.refresh_from_db()
    assert again.state == JobState.SUCCEEDED, told(again)
    assert domain_of(routed).state == DomainState.BOUND


def test_waiting_ends_after_three_days(net: Internet, routed: Portal, keep: Keep) -> None:
    net.put("")
    job = bind(routed, keep("never.contoso.com"), "never.contoso.com")
    Job.objects.filter(pk=job.pk).update(
        created_at=timezone.now() - bind_workflow.WAITS_AT_MOST, run_at=timezone.now()
    )
    runner.run(job.id)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "missing")


def test_an_edge_that_is_away_leaves_the_host_unpublished_when_the_job_is_given_up(
    net: Internet, routed: Portal, keep: Keep, settings: LazySettings
) -> None:
    settings.EDGE_ADDRESS = "127.0.0.1:9"
    lead(net, routed)
    job = bind(routed, keep(HOST))
    assert job.state == JobState.WAITING
    assert job.steps.get(name="probe").error_code == "edge_unavailable"
    assert domain_of(routed).published_at is not None
    jobs.cancel(job_id=job.id, requested_by=None)
    domain = domain_of(routed)
    assert (domain.state, domain.published_at) == (DomainState.FAILED, None)


def test_a_renewal_asks_no_dns_and_takes_the_place_of_the_old_one(
    net: Internet, edge: Edge, routed: Portal, keep: Keep
) -> None:
    net.put("")
    old, new = keep(HOST), keep(HOST)
    served(routed, old, HOST)
    job = bind(routed, new)
    assert job.state == JobState.SUCCEEDED, told(job)
    assert [step.name for step in job.steps.order_by("index")] == ["publish", "probe"]
    assert fingerprint(edge.port, HOST) == new.fingerprint


def test_a_renewal_that_fails_leaves_the_old_one_and_can_be_restarted(
    edge: Edge, routed: Portal, keep: Keep, settings: LazySettings
) -> None:
    old, new = keep(HOST), keep(HOST)
    served(routed, old, HOST)
    here, settings.EDGE_ADDRESS = settings.EDGE_ADDRESS, "127.0.0.1:9"
    job = bind(routed, new)
    jobs.cancel(job_id=job.id, requested_by=None)
    domain = domain_of(routed)
    assert (domain.state, domain.certificate_id, domain.next_certificate_id) == (
        DomainState.FAILED,
        old.id,
        new.id,
    )
    assert domain.published_at is not None

    settings.EDGE_ADDRESS = here
    again = jobs.restart(job_id=job.id, requested_by=None)
    runner.run(again.id)
    again.refresh_from_db()
    assert again.state == JobState.SUCCEEDED, told(again)
    assert domain_of(routed).certificate_id == new.id
    assert fingerprint(edge.port, HOST) == new.fingerprint


def test_removal_takes_the_host_from_the_edge_and_frees_it(
    net: Internet, edge: Edge, routed: Portal, keep: Keep
) -> None:
    lead(net, routed)
    bind(routed, keep(HOST))
    job = binding.unbind(portal_id=routed.id, user=None)
    runner.run(job.id)
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, told(job)
    assert not CustomDomain.objects.exists()
    assert fingerprint(edge.port, HOST) == ""
    assert Resource.objects.get(kind="custom-domain").state == "released"
    # Its record still leads to us, which its page tells.
    assert job.steps.get(name="look").output == {"dangling": True}
    record = DanglingRecord.objects.get()
    assert (record.portal_id, record.hostname, record.target) == (routed.id, HOST, routed.host)
    assert record.seen_at is not None


def test_the_pages_name_a_dangling_record_until_it_is_gone(
    net: Internet, edge: Edge, routed: Portal, keep: Keep, sign_in: SignIn
) -> None:
    lead(net, routed, "dangling")
    host = "dangling.contoso.com"
    domain = served(routed, keep(host), host)
    now = timezone.now()
    dangling.give_up(domain, target=routed.host)
    browser = sign_in("system.admin")
    address = f"/portals/{routed.id}/domains/"
    assert "data-dangling" not in browser.get(address).content.decode()
    assert rechecking.recheck_dangling(now=now) == 1
    shown = browser.get(address).content.decode()
    assert f'data-dangling="{host}"' in shown
    assert "Remove the record at your domain provider" in shown
    Portal.objects.filter(pk=routed.pk).update(phase=Phase.RESET)
    assert f'data-dangling="{host}"' in browser.get(f"/portals/{routed.id}/").content.decode()

    net.put("dangling 1 IN CNAME other.portals.com.\n")
    assert rechecking.recheck_dangling(now=now + timedelta(days=1)) == 0
    assert not DanglingRecord.objects.exists()


def test_a_host_that_is_given_up_for_another_one_may_dangle(
    net: Internet, edge: Edge, routed: Portal, keep: Keep
) -> None:
    """Its removal came no further than the edge, and then the wizard was begun anew with another name."""
    lead(net, routed, "former")
    certificate = keep("former.contoso.com", "new.contoso.com")
    served(routed, certificate, "former.contoso.com")
    CustomDomain.objects.update(published_at=None, bound_at=None, state=DomainState.FAILED)
    binding.bind(portal_id=routed.id, hostname="new.contoso.com", certificate_id=certificate.id, user=None)
    assert rechecking.recheck_dangling(now=timezone.now()) == 1
    assert DanglingRecord.objects.get().hostname == "former.contoso.com"


def test_a_host_that_is_bound_again_dangles_no_more(routed: Portal, keep: Keep) -> None:
    certificate = keep(HOST)
    dangling.give_up(served(routed, certificate, HOST), target=routed.host)
    binding.bind(portal_id=routed.id, hostname=HOST, certificate_id=certificate.id, user=None)
    assert not DanglingRecord.objects.exists()


def test_a_removal_while_a_step_works_asks_the_binding_to_stop(
    net: Internet, routed: Portal, keep: Keep
) -> None:
    net.put("")
    job = bind(routed, keep("busy.contoso.com"), "busy.contoso.com")
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING,
        lease_owner="worker",
        lease_expires_at=timezone.now() + timedelta(minutes=1),
    )
    with pytest.raises(jobs.AlreadyActive):
        binding.unbind(portal_id=routed.id, user=None)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLING
    refused = AuditRecord.objects.filter(verb="remove-domain").get()
    assert (refused.result, refused.code) == ("refused", "AlreadyActive")


def test_the_trail_tells_who_bound_and_removed_which_host(routed: Portal, keep: Keep, world: World) -> None:
    user, certificate = world.user("system.admin"), keep(HOST)
    bound = {"hostname": HOST, "certificate": certificate.thumbprint}
    with pytest.raises(BindingRefused):
        binding.bind(
            portal_id=routed.id, hostname="other.contoso.com", certificate_id=certificate.id, user=user
        )
    binding.bind(portal_id=routed.id, hostname=HOST, certificate_id=certificate.id, user=user)
    binding.unbind(portal_id=routed.id, user=user)
    records = AuditRecord.objects.filter(verb__in=["bind-domain", "remove-domain"]).order_by("at")
    assert [(row.verb, row.result, row.code, row.before, row.after) for row in records] == [
        ("bind-domain", "refused", "host_mismatch", {}, {}),
        ("bind-domain", "done", "", {}, bound),
        ("remove-domain", "done", "", bound, {}),
    ]
    assert {(row.person_id, row.subject_id) for row in records} == {(user.pk, str(routed.id))}


def test_jobs_of_domains_are_restarted_by_their_cause(routed: Portal, keep: Keep) -> None:
    certificate = keep(HOST)
    job = binding.bind(portal_id=routed.id, hostname=HOST, certificate_id=certificate.id, user=None)
    assert own_restarting.why_not([job]) == {}
    Portal.objects.filter(pk=routed.pk).update(phase=Phase.RESETTING)
    assert job.id in own_restarting.why_not([job])
    CustomDomain.objects.all().delete()
    assert "of the past" in own_restarting.why_not([job])[job.id]
    for kind in ("bind-domain", "unbind-domain"):
        assert restarting.rules_of(kind).why_not is own_restarting.why_not


def test_removal_stops_a_binding_that_waits(net: Internet, routed: Portal, keep: Keep) -> None:
    net.put("")
    waiting = bind(routed, keep("stop.contoso.com"), "stop.contoso.com")
    job = binding.unbind(portal_id=routed.id, user=None)
    runner.run(job.id)
    waiting.refresh_from_db()
    assert waiting.state == JobState.CANCELLED
    assert not CustomDomain.objects.exists()


def test_a_reset_takes_the_custom_domain_with_it(
    net: Internet, edge: Edge, routed: Portal, keep: Keep, world: World
) -> None:
    lead(net, routed)
    bind(routed, keep(HOST))
    job = reset.submit(portal_id=routed.id, user=world.user("system.admin"))
    runner.run(job.id)
    assert not CustomDomain.objects.exists()
    assert DanglingRecord.objects.get().seen_at is not None
    assert fingerprint_within(edge, HOST, "")


def test_a_reset_stops_a_binding_that_waits(net: Internet, routed: Portal, keep: Keep, world: World) -> None:
    net.put("")
    waiting = bind(routed, keep("stop.contoso.com"), "stop.contoso.com")
    runner.run(reset.submit(portal_id=routed.id, user=world.user("system.admin")).id)
    waiting.refresh_from_db()
    assert waiting.state == JobState.CANCELLED
    assert not CustomDomain.objects.exists()


def test_what_was_removed_is_not_bound_again_by_an_old_attempt(
    net: Internet, routed: Portal, keep: Keep
) -> None:
    net.put("past 1 IN CNAME other.portals.com.\n")
    failed = bind(routed, keep("past.contoso.com"), "past.contoso.com")
    runner.run(binding.unbind(portal_id=routed.id, user=None).id)
    with pytest.raises(jobs.NotRestartable, match="of the past"):
        jobs.restart(job_id=failed.id, requested_by=None)


def test_refusals_change_nothing(routed: Portal, keep: Keep, world: World) -> None:
    good = keep(HOST)

    def refused(host: str = HOST, certificate: Certificate = good) -> str:
        with pytest.raises(BindingRefused) as error:
            binding.bind(portal_id=routed.id, hostname=host, certificate_id=certificate.id, user=None)
        assert str(error.value).endswith(".")
        return error.value.code

    before = Job.objects.count()
    assert refused("other.contoso.com") == "host_mismatch"
    assert refused(certificate=keep(HOST, instance=world.sandbox)) == "certificate_foreign"
    expired = keep(HOST)
    Certificate.objects.filter(pk=expired.pk).update(ends_at=timezone.now())
    assert refused(certificate=expired) == "certificate_expired"
    Portal.objects.filter(pk=routed.pk).update(type=PortalType.TRIAL)
    assert refused() == "trial"
    Portal.objects.filter(pk=routed.pk).update(type=PortalType.PRODUCTION, phase=Phase.RESETTING)
    with pytest.raises(NotNow):
        binding.bind(portal_id=routed.id, hostname=HOST, certificate_id=good.id, user=None)
    assert (Job.objects.count(), CustomDomain.objects.count()) == (before, 0)


def test_one_domain_a_portal_and_one_portal_a_domain(routed: Portal, keep: Keep) -> None:
    certificate = keep(HOST, "second.contoso.com")
    served(routed, certificate, HOST)
    with pytest.raises(BindingRefused, match="only have one custom domain"):
        binding.bind(
            portal_id=routed.id, hostname="second.contoso.com", certificate_id=certificate.id, user=None
        )
    other = Portal.objects.create(
        type=PortalType.PRODUCTION,
        name="Other",
        subdomain="other",
        phase=Phase.CONFIGURED,
        instance=routed.instance,
        provision_job=routed.provision_job,
    )
    with pytest.raises(BindingRefused) as error:
        binding.bind(portal_id=other.id, hostname=HOST, certificate_id=certificate.id, user=None)
    assert error.value.code == "hostname_taken"


def test_a_second_request_is_told_who_was_first(
    net: Internet, routed: Portal, keep: Keep, world: World
) -> None:
    net.put("")
    certificate = keep("twice.contoso.com")
    bind(routed, certificate, "twice.contoso.com")
    with pytest.raises(jobs.AlreadyActive):
        bind(routed, certificate, "twice.contoso.com")


def test_after_seven_days_of_leading_elsewhere_a_domain_is_given_up(
    net: Internet, edge: Edge, routed: Portal, keep: Keep
) -> None:
    domain = served(routed, keep(HOST), HOST)
    now = timezone.now()
    net.put("www 1 IN CNAME other.portals.com.\n")
    assert rechecking.recheck(now=now) == rechecking.Round(checked=1, failing=1)
    assert rechecking.recheck(now=now + timedelta(hours=1)) == rechecking.Round()
    assert domain_of(routed).failing_since == now
    assert rechecking.recheck(now=now + timedelta(days=6, hours=23)).given_up == 0
    assert rechecking.recheck(now=now + timedelta(days=8)).given_up == 1
    run_all()
    assert not CustomDomain.objects.filter(pk=domain.pk).exists()


def while_asked(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Something else happens while the round waits for DNS."""
    ask = evidence.look
    called = iter([happens])

    def look(**about: Any) -> Finding:
        finding = ask(**about)
        with ThreadPoolExecutor(1) as pool:  # the round's own threads have no business with the database
            pool.submit(next(called, lambda: None)).result()
            pool.submit(connections.close_all).result()
        return finding

    monkeypatch.setattr(evidence, "look", look)


def test_a_domain_that_was_seen_to_lead_here_during_the_round_is_not_given_up(
    net: Internet, routed: Portal, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    net.put("www 1 IN CNAME other.portals.com.\n")
    served(routed, keep(HOST), HOST)
    now = timezone.now()
    CustomDomain.objects.update(failing_since=now - timedelta(days=8))
    later = now + timedelta(seconds=1)
    seen = {"checked_at": later, "verified_at": later, "failing_since": None}
    while_asked(monkeypatch, lambda: CustomDomain.objects.update(**seen))
    assert rechecking.recheck(now=now) == rechecking.Round(checked=1)
    assert (domain_of(routed).failing_since, domain_of(routed).checked_at) == (None, later)


def test_one_host_that_cannot_be_looked_at_keeps_no_other_from_it(
    net: Internet,
    routed: Portal,
    keep: Keep,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lead(net, routed)
    other = Portal.objects.create(
        type=PortalType.PRODUCTION,
        name="Other",
        subdomain="other",
        phase=Phase.CONFIGURED,
        instance=routed.instance,
        provision_job=routed.provision_job,
    )
    served(routed, keep(HOST), HOST)
    served(other, keep("odd.contoso.com"), "odd.contoso.com")
    ask = evidence.look

    def look(**about: Any) -> Finding:
        if about["host"].startswith("odd"):
            raise AssertionError("nobody thought of that")
        return ask(**about)

    monkeypatch.setattr(evidence, "look", look)
    assert rechecking.recheck(now=timezone.now()) == rechecking.Round(checked=1)
    assert domain_of(routed).verified_at is not None
    assert "odd.contoso.com" in caplog.text
    for domain in CustomDomain.objects.all():
        dangling.give_up(domain, target=routed.host)
    assert rechecking.recheck_dangling(now=timezone.now()) == 1
    assert DanglingRecord.objects.get(hostname="odd.contoso.com").checked_at is None


def test_silence_is_no_reason_to_give_a_domain_up(routed: Portal, keep: Keep, settings: LazySettings) -> None:
    served(routed, keep(HOST), HOST)
    now = timezone.now()
    CustomDomain.objects.update(failing_since=now - timedelta(days=30))
    settings.DNS_RESOLVERS = ["127.0.0.1:9"]
    assert rechecking.recheck(now=now) == rechecking.Round(checked=1)
    assert domain_of(routed).published_at is not None


@pytest.mark.parametrize(
    ("minutes", "wait", "expected"),
    [
        (0, None, 5.0),
        (0, 3, 3.0),
        (0, 0, 2.0),
        (0, 300, 5.0),
        (30, None, 60.0),
        (30, 20, 20.0),
        (600, 9999, 300.0),
    ],
)
def test_dns_is_asked_less_often_as_time_goes_by(minutes: int, wait: int | None, expected: float) -> None:
    assert pause(timedelta(minutes=minutes), wait) == expected


def fingerprint_within(edge: Edge, host: str, wanted: str) -> bool:
    return until(lambda: fingerprint(edge.port, host) == wanted, seconds=5, what="the edge")
