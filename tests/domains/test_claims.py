"""One host name that two portals ask for: it goes to the one to which DNS leads it, and never from one that has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from accounts.models import AuditRecord, User
from domains import restarting
from domains.models import Certificate, CustomDomain, DanglingRecord
from domains.services import binding
from domains.services.binding import BindingRefused
from domains.states import DomainState
from domains.workflows import dangling, evidence
from jobs import runner
from jobs import services as jobs
from jobs.models import Job, Resource
from jobs.states import JobState
from provisioning.models import Address, Portal, PortalType, portal_key
from provisioning.phases import Packages, Phase
from tests.domains.conftest import Keep, SignIn, World, sign_in
from tests.domains.dns.servers import Internet, internet
from tests.domains.serving import Edge, edge, edge_process, fingerprint, routed
from tests.domains.test_certificate_races import Other

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
    net.put("")


@pytest.fixture
def user(world: World) -> User:
    return world.user("system.admin")


@pytest.fixture
def newcomer(routed: Portal, world: World) -> Portal:
    """A portal of another organization."""
    made = Portal.objects.create(
        type=PortalType.PRODUCTION,
        name="Newcomer",
        subdomain="newcomer",
        phase=Phase.CONFIGURED,
        packages=Packages.INSTALLED,
        instance=world.sandbox,
        provision_job=routed.provision_job,
    )
    Address.objects.create(subdomain="newcomer", instance=world.sandbox, portal=made, is_routed=True)
    return made


@pytest.fixture
def theirs(keep: Keep, world: World) -> Certificate:
    """The newcomer's certificate."""
    return keep(HOST, instance=world.sandbox)


@pytest.fixture
def failed(routed: Portal, keep: Keep, user: User) -> Job:
    """The binding of a portal that asked for the host name and was never led to."""
    job = begin(routed, keep(HOST), user)
    jobs.cancel(job_id=job.pk, requested_by=user)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    return job


def begin(portal: Portal, certificate: Certificate, user: User) -> Job:
    return binding.bind(portal_id=portal.pk, hostname=HOST, certificate_id=certificate.pk, user=user)


def refused(portal: Portal, certificate: Certificate, user: User) -> str:
    with pytest.raises(BindingRefused) as error:
        begin(portal, certificate, user)
    return error.value.code


def test_a_host_that_was_asked_for_in_vain_goes_to_the_portal_to_which_dns_leads_it(
    net: Internet, edge: Edge, routed: Portal, newcomer: Portal, theirs: Certificate, failed: Job, user: User
) -> None:
    net.put(f"www 1 IN CNAME {newcomer.host}.\n")
    job = begin(newcomer, theirs, user)
    runner.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.error_message
    assert CustomDomain.objects.get().portal_id == newcomer.pk
    assert fingerprint(edge.port, HOST) == theirs.fingerprint
    # Nothing of the other one is left, and a new attempt at its binding is of the past.
    assert Resource.objects.get(exclusive_key=portal_key(routed.pk), kind="custom-domain").state == "released"
    assert not DanglingRecord.objects.exists()
    assert "of the past" in restarting.why_not([failed])[failed.pk]
    with pytest.raises(jobs.NotRestartable):
        jobs.restart(job_id=failed.pk, requested_by=user)


def test_the_trail_tells_whose_host_name_was_taken_over(
    net: Internet, routed: Portal, newcomer: Portal, theirs: Certificate, failed: Job, user: User
) -> None:
    net.put(f"www 1 IN CNAME {newcomer.host}.\n")
    begin(newcomer, theirs, user)
    lost = AuditRecord.objects.get(verb="remove-domain")
    assert (lost.subject_id, lost.result, lost.person_id) == (str(routed.pk), "done", user.pk)
    assert lost.before["hostname"] == HOST
    assert AuditRecord.objects.filter(verb="bind-domain", subject_id=str(newcomer.pk)).count() == 1


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ("", "missing"),
        ("www 1 IN CNAME other.portals.com.\n", "wrong_target"),
        ("www 1 IN A 192.0.2.9\n", "address_record"),
    ],
)
def test_a_host_that_dns_does_not_lead_to_the_newcomer_stays_with_who_asked_first(
    net: Internet,
    routed: Portal,
    newcomer: Portal,
    theirs: Certificate,
    failed: Job,
    user: User,
    record: str,
    code: str,
) -> None:
    net.put(record)
    assert refused(newcomer, theirs, user) == code
    assert CustomDomain.objects.get().portal_id == routed.pk
    assert not Job.objects.filter(inputs__portal_id=str(newcomer.pk)).exists()
    with pytest.raises(BindingRefused, match=newcomer.host):
        begin(newcomer, theirs, user)


def test_silent_name_servers_prove_nothing(
    newcomer: Portal, theirs: Certificate, failed: Job, user: User, settings: LazySettings
) -> None:
    settings.DNS_RESOLVERS = ["127.0.0.1:9"]
    assert refused(newcomer, theirs, user) == "hostname_unproven"


def test_name_servers_are_asked_only_so_often_for_one_person(
    newcomer: Portal, theirs: Certificate, failed: Job, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binding, "PROOFS", 1)
    assert refused(newcomer, theirs, user) == "missing"
    monkeypatch.setattr(evidence, "look", lambda **_: pytest.fail("asked"))
    assert refused(newcomer, theirs, user) == "hostname_unproven"


@pytest.mark.parametrize("holds", ["published_at", "verified_at"])
def test_a_host_that_was_served_or_verified_is_not_taken_over(
    net: Internet, newcomer: Portal, theirs: Certificate, failed: Job, user: User, holds: str
) -> None:
    CustomDomain.objects.update(**{holds: timezone.now()})
    net.put(f"www 1 IN CNAME {newcomer.host}.\n")
    assert refused(newcomer, theirs, user) == "hostname_taken"


def test_a_host_that_a_job_is_at_work_on_is_not_taken_over(
    net: Internet, routed: Portal, newcomer: Portal, keep: Keep, theirs: Certificate, user: User
) -> None:
    begin(routed, keep(HOST), user)
    net.put(f"www 1 IN CNAME {newcomer.host}.\n")
    assert refused(newcomer, theirs, user) == "hostname_taken"
    assert CustomDomain.objects.get().state == DomainState.VERIFYING


def test_two_portals_that_want_one_host_at_the_same_moment_are_told_in_words(
    routed: Portal,
    newcomer: Portal,
    keep: Keep,
    theirs: Certificate,
    user: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One of them gives up another host name for it, and holds what the other one waits for."""
    ours = keep(HOST, "former.contoso.com")
    former = binding.bind(
        portal_id=routed.pk, hostname="former.contoso.com", certificate_id=ours.pk, user=user
    )
    jobs.cancel(job_id=former.pk, requested_by=user)
    other, real = Other(lambda: begin(newcomer, theirs, user)), dangling.give_up

    def while_the_other_comes(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(dangling, "give_up", real)
        found = real(*args, **options)
        other.begin()
        return found

    monkeypatch.setattr(dangling, "give_up", while_the_other_comes)
    told: list[BaseException | None] = [None]
    try:
        begin(routed, ours, user)
    except BindingRefused as error:
        told = [error]
    told.append(other.join())
    refusal = next(error for error in told if error is not None)
    assert isinstance(refusal, BindingRefused), refusal
    assert refusal.code == "hostname_taken"
    assert told.count(None) == 1
    winner = routed if told[0] is None else newcomer
    assert CustomDomain.objects.get(hostname=HOST).portal_id == winner.pk
    # Whoever was told no kept what it had.
    assert CustomDomain.objects.filter(portal=routed).exists()


def test_the_wizard_lets_a_host_be_chosen_that_another_portal_asked_for_in_vain(
    net: Internet, newcomer: Portal, theirs: Certificate, failed: Job, sign_in: SignIn
) -> None:
    browser = sign_in("global.admin")
    address = f"/portals/{newcomer.pk}/domains/add/"
    browser.post(address, {"certificate": str(theirs.pk)})
    assert browser.post(address, {"hostname": HOST}).status_code == 302
    waits = browser.post(address, {"step": "binding"})
    assert waits.status_code == 422
    assert 'data-error-code="missing"' in waits.content.decode()
    net.put(f"www 1 IN CNAME {newcomer.host}.\n")
    assert browser.post(address, {"step": "binding"}).status_code == 302
    assert CustomDomain.objects.get().portal_id == newcomer.pk
