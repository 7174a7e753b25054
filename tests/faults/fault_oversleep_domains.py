"""A worker sleeps past its lease while it binds a custom domain, removes one, or resets the portal that has one, and
people go on with the host name meanwhile. DNS and the edge are told by the test.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from domains.dns.lookup import Finding
from domains.dns.verdicts import Judgement, Verdict
from domains.edge.probe import Probed
from domains.models import Certificate, CustomDomain, DanglingRecord
from domains.services import binding, rechecking
from domains.states import DomainState
from domains.workflows import bind, evidence, unbind
from jobs.models import Job
from jobs.states import JobState
from provisioning.services import reset
from tests.domains.conftest import Keep, keep, root  # noqa: F401 - fixtures
from tests.faults.fault_oversleep import Life, Story, sleep_everywhere
from tests.faults.fault_soak_provisioning import Web
from tests.faults.servers import Server
from tests.provisioning.conftest import World, run_all, world  # noqa: F401 - a fixture

# ruff: noqa: F811 - a fixture's name is the name of its argument


class Outside:
    """DNS as it is said to be, and an edge that serves what the rows say."""

    verdict = Verdict.VERIFIED

    def check(self, host: str, **_: Any) -> Finding:
        return Finding(Judgement(self.verdict), ())

    def probe(self, address: str, host: str) -> Probed:
        rows = CustomDomain.objects.select_related("certificate")
        row = rows.filter(hostname=host, published_at__isnull=False).first()
        return Probed(row.certificate.fingerprint, row.portal_id) if row else Probed(None)


class BoundLife(Life):
    """One portal with a host name of its own, and two certificates for it."""

    def __init__(self, world: World, outside: Outside, *certificates: Certificate) -> None:
        super().__init__(world)
        self.outside, self.certificates = outside, certificates
        self.outside.verdict = Verdict.VERIFIED
        self.host = f"{self.subdomain}.contoso.com"
        self.submit()
        run_all()

    # What the worker sleeps in.

    def bind(self) -> Job:
        return self._bind(self.certificates[0])

    def unbind(self) -> Job:
        self.bound_with(0)
        return binding.unbind(portal_id=self.portal.id, user=self.admin)

    def reset_while_binding(self) -> Job:
        self.waits_for_dns()
        return reset.submit(portal_id=self.portal.id, user=self.admin)

    def reset_without_record(self) -> Job:
        self.bound_with(0)
        self.outside.verdict = Verdict.MISSING
        return reset.submit(portal_id=self.portal.id, user=self.admin)

    # What people do meanwhile.

    def renews(self) -> None:
        self.bound_with(1)

    def binds_anew(self) -> None:
        if CustomDomain.objects.filter(portal=self.portal).exists():
            binding.unbind(portal_id=self.portal.id, user=self.admin)
            run_all()
        self.bound_with(1)

    def is_looked_at(self) -> None:
        """Its record, which was gone when the host name was given up, is there again."""
        self.outside.verdict = Verdict.VERIFIED
        rechecking.recheck_dangling(now=timezone.now() + timedelta(days=1))

    def begins_anew_and_binds(self) -> None:
        self.begins_anew()
        self.waits_for_dns()

    def waits_for_dns(self) -> None:
        self.outside.verdict = Verdict.MISSING
        job = self._bind(self.certificates[0])
        run_all()
        job.refresh_from_db()
        assert job.state == JobState.WAITING

    def bound_with(self, number: int) -> None:
        self._bind(self.certificates[number])
        run_all()
        domain = CustomDomain.objects.get(portal=self.portal)
        assert (domain.state, domain.certificate) == (DomainState.BOUND, self.certificates[number])

    def _bind(self, certificate: Certificate) -> Job:
        return binding.bind(
            portal_id=self.portal.id, hostname=self.host, certificate_id=certificate.id, user=self.admin
        )

    def everything(self) -> dict[str, list[str]]:
        rows = {
            "domain": CustomDomain.objects.filter(portal=self.portal),
            "dangling": DanglingRecord.objects.filter(portal=self.portal),
        }
        return {
            **super().everything(),
            **{name: list(map(repr, found.values())) for name, found in rows.items()},
        }


# The fewest times that the worker sleeps, so that none of these tests comes to prove nothing.
STORIES: dict[str, tuple[Story, int]] = {
    "a binding, and its certificate is renewed": ((BoundLife.bind, BoundLife.renews), 5),
    "a binding, and the host is bound anew": ((BoundLife.bind, BoundLife.binds_anew), 5),
    "a removal, and the host is bound anew": ((BoundLife.unbind, BoundLife.binds_anew), 5),
    "a reset, and the portal begins anew and waits for DNS": (
        (BoundLife.reset_while_binding, BoundLife.begins_anew_and_binds),
        10,
    ),
    "a reset, and the record is there again": ((BoundLife.reset_without_record, BoundLife.is_looked_at), 10),
}


@pytest.mark.parametrize("story", STORIES)
def test_it_leaves_the_host_name_alone_when_it_wakes(
    postgres: Server,
    valkey: Server,
    transactional_db: None,
    world: World,
    keep: Keep,
    monkeypatch: pytest.MonkeyPatch,
    story: str,
) -> None:
    outside = Outside()
    monkeypatch.setattr(httpx, "get", Web().get)
    monkeypatch.setattr(evidence, "check", outside.check)
    for workflow in (bind, unbind):
        monkeypatch.setattr(workflow, "probe", outside.probe)
        monkeypatch.setattr(workflow, "EDGE_KNOWS_WITHIN", 0)
    certificates = [keep("*.contoso.com") for _ in range(2)]
    told, fewest = STORIES[story]
    slept, wrong = sleep_everywhere(
        lambda: BoundLife(world, outside, *certificates), told, transactions="reset" not in story
    )
    assert wrong == []
    assert slept >= fewest
