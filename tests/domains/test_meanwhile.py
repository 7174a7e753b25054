"""What happens to a custom domain while something else happens to it: at each boundary of each step, on the engine."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from domains.certificates import keeping
from domains.certificates.judging import judge
from domains.certificates.opening import Opened
from domains.models import Certificate, CustomDomain, DanglingRecord
from domains.services import binding, rechecking, renewing
from domains.states import DomainState
from domains.workflows import bind as bind_workflow
from domains.workflows import evidence
from jobs import heartbeat, ledger, runner, transitions
from jobs import services as jobs
from jobs.models import Job, Resource
from jobs.states import JobState
from provisioning.models import Portal, portal_key
from provisioning.phases import Phase
from provisioning.services import reset
from tests.domains.authority import DAY, NOW, Issued
from tests.domains.conftest import Keep, World
from tests.domains.corpus import der_key, der_of
from tests.domains.dns.servers import Internet, internet
from tests.domains.serving import Edge, edge, edge_process, fingerprint, routed, served
from tests.provisioning.conftest import web
from tests.waiting import until

__all__ = ["edge", "edge_process", "routed", "web"]

pytestmark = pytest.mark.django_db(transaction=True)

HOST = "www.contoso.com"
AWAY = "127.0.0.1:9"


@pytest.fixture(autouse=True)
def heart_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread would keep a connection to the test's database for good, once a step took seconds."""
    monkeypatch.setattr(heartbeat, "HEARD_WITHIN", 60.0)


# Where in the work of a binding: what the engine calls there, at which call, and before or after it.
MOMENTS: dict[str, tuple[Any, str, int, bool]] = {
    "before DNS is asked": (evidence, "look", 1, True),
    "after DNS was asked": (evidence, "keep", 1, False),
    "before the checkpoint of DNS": (transitions, "advance", 1, True),
    "after the checkpoint of DNS": (transitions, "advance", 1, False),
    "before anything is published": (ledger, "plan", 1, True),
    "while what is published is not committed": (ledger, "made", 1, False),
    "before the checkpoint of publishing": (transitions, "advance", 2, True),
    "after the checkpoint of publishing": (transitions, "advance", 2, False),
    "before the edge is asked": (bind_workflow, "probe", 1, True),
    "after the edge was asked": (bind_workflow, "probe", 1, False),
    "before the last checkpoint": (transitions, "finish", 1, True),
    "after the last checkpoint": (transitions, "finish", 1, False),
}


@pytest.fixture(scope="module")
def net() -> Iterator[Internet]:
    with internet(negative=5) as net:
        yield net


@pytest.fixture(autouse=True)
def name_servers(net: Internet, settings: LazySettings) -> None:
    settings.DNS_RESOLVERS = [f"{net.RESOLVER}:{net.port}"]
    settings.DNS_LOOPBACK_PORT = net.port


Meanwhile = Callable[[Callable[[], Any]], threading.Thread]


@pytest.fixture(params=MOMENTS)
def meanwhile(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Does something once, as another process would, when the binding comes to that moment. Join its thread."""

    def arrange(act: Callable[[], Any]) -> threading.Thread:
        module, name, which, is_before = MOMENTS[request.param]
        real, calls, thread = getattr(module, name), [0], threading.Thread(target=alone, args=(act,))

        def called(*args: Any, **options: Any) -> Any:
            calls[0] += 1
            now = calls[0] == which
            if now and is_before:
                start(thread)
            found = real(*args, **options)
            if now and not is_before:
                start(thread)
            return found

        monkeypatch.setattr(module, name, called)
        return thread

    return arrange


def alone(act: Callable[[], Any]) -> None:
    """With a database connection of its own."""
    try:
        act()
    finally:
        connection.close()


def start(thread: threading.Thread) -> None:
    """Until it is over, or waits for what the binding has not committed yet."""
    thread.start()
    until(lambda: not thread.is_alive() or somebody_waits(), what="the other one")


def somebody_waits() -> bool:
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        rows = other.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
            [connection.settings_dict["NAME"]],
        )
        return rows.fetchone() is not None


def begin(net: Internet, portal: Portal, certificate: Certificate) -> Job:
    net.put(f"www 1 IN CNAME {portal.host}.\n")
    return binding.bind(portal_id=portal.id, hostname=HOST, certificate_id=certificate.id, user=None)


def ended(job: Job) -> Job:
    """Goes on with it, whatever it waits for, until it is over."""

    def is_over() -> bool:
        Job.objects.filter(pk=job.pk, state=JobState.WAITING).update(run_at=timezone.now())
        runner.run(job.pk)
        job.refresh_from_db()
        return not JobState(job.state).active

    until(is_over, what="the end of the job")
    return job


def is_gone(edge: Edge, portal: Portal) -> None:
    """Nothing of the custom domain is left, neither here nor at the edge."""
    assert not CustomDomain.objects.exists()
    held = ledger.held(exclusive_key=portal_key(portal.id))
    assert [row.kind for row in held if row.kind == bind_workflow.RESOURCE] == []
    assert Resource.objects.filter(kind=bind_workflow.RESOURCE).exists()
    until(lambda: fingerprint(edge.port, HOST) == "", seconds=5, what="the edge without the host")


def test_a_reset_at_any_moment_of_a_binding_leaves_nothing(
    net: Internet,
    edge: Edge,
    routed: Portal,
    keep: Keep,
    world: World,
    web: LiveServer,
    meanwhile: Meanwhile,
) -> None:
    job = begin(net, routed, keep(HOST))
    resets: list[Job] = []

    def begin_reset() -> None:
        resets.append(reset.submit(portal_id=routed.id, user=world.user("system.admin")))
        runner.run(resets[0].id)

    other = meanwhile(begin_reset)
    runner.run(job.id)
    other.join(30)
    assert ended(job).state in {JobState.CANCELLED, JobState.SUCCEEDED}, job.error_message
    assert ended(resets[0]).state == JobState.SUCCEEDED, resets[0].error_message
    is_gone(edge, routed)
    routed.refresh_from_db()
    assert routed.phase == Phase.RESET
    with pytest.raises(jobs.NotRestartable):
        jobs.restart(job_id=job.id, requested_by=None)


def test_a_removal_at_any_moment_of_a_binding_stops_it_and_then_removes(
    net: Internet, edge: Edge, routed: Portal, keep: Keep, meanwhile: Meanwhile
) -> None:
    job = begin(net, routed, keep(HOST))
    answers: list[object] = []

    def remove() -> None:
        try:
            answers.append(binding.unbind(portal_id=routed.id, user=None))
        except jobs.AlreadyActive as error:
            answers.append(error)

    other = meanwhile(remove)
    runner.run(job.id)
    other.join(30)
    ended(job)
    assert len(answers) == 1
    if isinstance(answers[0], jobs.AlreadyActive):
        assert answers[0].job == job
        # What it published is taken back, unless it had seen the edge serve it already.
        domain = CustomDomain.objects.get()
        assert (domain.published_at is None) == (job.state == JobState.CANCELLED)
        answers[0] = binding.unbind(portal_id=routed.id, user=None)
    assert isinstance(answers[0], Job)
    assert ended(answers[0]).state == JobState.SUCCEEDED, answers[0].error_message
    is_gone(edge, routed)
    assert DanglingRecord.objects.get().seen_at is not None


def test_a_worker_that_dies_after_publishing_leaves_the_rest_to_another(
    net: Internet, edge: Edge, routed: Portal, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = keep(HOST)
    job = begin(net, routed, certificate)

    def die(*args: object) -> None:
        raise SystemExit

    monkeypatch.setattr(bind_workflow, "probe", die)
    with pytest.raises(SystemExit):
        runner.run(job.id)
    monkeypatch.undo()
    job.refresh_from_db()
    assert (job.state, job.steps.get(name="publish").state) == (JobState.RUNNING, "done")
    # From its commit on it is served; whether it is, the next worker sees.
    until(lambda: fingerprint(edge.port, HOST) == certificate.fingerprint, seconds=5, what="the edge")
    transitions.lose_lease(job.id, fence=job.fence, actor="reconciler", detail="its worker is gone")
    assert ended(job).state == JobState.SUCCEEDED, job.error_message
    assert CustomDomain.objects.get().state == DomainState.BOUND


def test_what_was_served_before_cannot_be_deleted_while_it_may_have_to_come_back(
    edge: Edge, routed: Portal, keep: Keep, world: World, settings: LazySettings
) -> None:
    old, new = keep(HOST), keep(HOST)
    served(routed, old, HOST)
    settings.EDGE_ADDRESS = AWAY
    job = binding.bind(portal_id=routed.id, hostname=HOST, certificate_id=new.id, user=None)
    runner.run(job.id)
    assert CustomDomain.objects.get().certificate_id == new.id
    with pytest.raises(keeping.StillUsed, match=HOST):
        keeping.delete(certificate_id=old.id, user=world.user("system.admin"))
    jobs.cancel(job_id=job.id, requested_by=None)
    domain = CustomDomain.objects.get()
    assert (domain.certificate_id, domain.state) == (old.id, DomainState.FAILED)
    assert domain.published_at is not None


def test_a_certificate_that_is_replaced_while_it_is_bound_is_bound_and_its_renewal_is_told_why_not(
    net: Internet, edge: Edge, routed: Portal, keep: Keep, world: World, root: Issued
) -> None:
    net.put("")
    old = keep(HOST)
    job = binding.bind(portal_id=routed.id, hostname=HOST, certificate_id=old.id, user=None)
    runner.run(job.id)
    leaf = root.issue(HOST, [HOST], ends=NOW + 200 * DAY)
    opened = Opened(der_key(leaf.key), (der_of(leaf.certificate), der_of(root.certificate)), 1)
    judged = judge(opened, roots=(), now=timezone.now())
    renewal = renewing.renew(certificate_id=old.id, judged=judged, user=world.user("system.admin"))
    assert (renewal.begun, list(renewal.refused)) == ([], [HOST])
    net.put(f"www 1 IN CNAME {routed.host}.\n")
    assert ended(job).state == JobState.SUCCEEDED, job.error_message
    assert fingerprint(edge.port, HOST) == old.fingerprint
    # Asked for again, it goes over without a gap.
    later = binding.bind(
        portal_id=routed.id, hostname=HOST, certificate_id=renewal.kept.certificate.id, user=None
    )
    assert ended(later).state == JobState.SUCCEEDED, later.error_message
    assert fingerprint(edge.port, HOST) == judged.fingerprint


def test_a_domain_that_was_bound_anew_while_dns_was_asked_is_not_given_up_for_the_old_one(
    routed: Portal, keep: Keep, monkeypatch: pytest.MonkeyPatch, net: Internet
) -> None:
    net.put("www 1 IN CNAME other.portals.com.\n")
    now = timezone.now()
    certificate = keep(HOST, "new.contoso.com")
    served(routed, certificate, HOST)
    CustomDomain.objects.update(failing_since=now - timedelta(days=8))
    real = evidence.keep

    def changed(*args: Any, **options: Any) -> bool:
        is_news = real(*args, **options)
        CustomDomain.objects.all().delete()
        served(routed, certificate, "new.contoso.com")
        return is_news

    monkeypatch.setattr(evidence, "keep", changed)
    assert rechecking.recheck(now=now).given_up == 0
    assert CustomDomain.objects.get().state == DomainState.BOUND
