"""Two people at one certificate at the same moment: each is told in words, and neither waits for the other for ever."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.words import Refusal
from domains.certificates import keeping
from domains.certificates.judging import Judged, judge
from domains.certificates.opening import Opened
from domains.forms import UploadForm
from domains.models import Certificate, CustomDomain
from domains.services import binding, renewing
from domains.views import certificates as views
from jobs import services as jobs
from jobs.services import AlreadyActive
from provisioning.models import Portal
from tests.domains.authority import DAY, NOW, Issued
from tests.domains.conftest import HOST, Keep, SignIn, World
from tests.domains.corpus import der_key, der_of
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


class Other:
    """Somebody else, with a database connection of their own; what they were told is in `told`, else None."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.told: BaseException | None = None
        self._act = act
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self._act()
        except BaseException as error:
            self.told = error
        finally:
            connection.close()

    def begin(self) -> None:
        """Until it is over, or waits for what we have not committed."""
        self._thread.start()
        until(lambda: not self._thread.is_alive() or somebody_waits(), what="the other one")

    def join(self) -> BaseException | None:
        self._thread.join()
        return self.told


def somebody_waits() -> bool:
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        rows = other.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
            [connection.settings_dict["NAME"]],
        )
        return rows.fetchone() is not None


@pytest.fixture
def user(world: World) -> User:
    return world.user("system.admin")


def judged(root: Issued, **options: Any) -> Judged:
    leaf = root.issue(HOST, [HOST], **options)
    opened = Opened(der_key(leaf.key), (der_of(leaf.certificate), der_of(root.certificate)), 1)
    return judge(opened, roots=(), now=timezone.now())


def bind(portal: Portal, certificate: Certificate, user: User) -> Callable[[], Any]:
    return lambda: binding.bind(portal_id=portal.pk, hostname=HOST, certificate_id=certificate.pk, user=user)


def delete(certificate: Certificate, user: User) -> Callable[[], Any]:
    return lambda: keeping.delete(certificate_id=certificate.pk, user=user)


def test_who_binds_what_is_being_deleted_is_told_that_it_is_gone(
    portal: Portal, keep: Keep, user: User
) -> None:
    row = keep()
    other = Other(bind(portal, row, user))
    with transaction.atomic():
        delete(row, user)()
        other.begin()
    told = other.join()
    assert isinstance(told, binding.BindingRefused)
    assert told.code == "certificate_gone"
    assert not CustomDomain.objects.exists()


def test_who_deletes_what_is_being_bound_is_told_by_what(portal: Portal, keep: Keep, user: User) -> None:
    row = keep()
    other = Other(delete(row, user))
    with transaction.atomic():
        bind(portal, row, user)()
        other.begin()
    told = other.join()
    assert isinstance(told, keeping.StillUsed)
    assert [domain.hostname for domain in told.domains] == [HOST]
    assert Certificate.objects.filter(pk=row.pk).exists()


def test_binding_with_what_was_deleted_since_is_refused_in_words(
    portal: Portal, keep: Keep, user: User
) -> None:
    row = keep()
    Certificate.objects.filter(pk=row.pk).delete()
    with pytest.raises(binding.BindingRefused) as refused:
        bind(portal, row, user)()
    assert refused.value.code == "certificate_gone"


@pytest.mark.parametrize("way", ["", "delete/"])
def test_what_somebody_else_deleted_meanwhile_is_not_there(
    sign_in: SignIn, keep: Keep, root: Issued, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    row, browser, real = keep(), sign_in("system.admin"), views._certificate

    def seen_just_before(*args: Any) -> Certificate:
        found = real(*args)
        Certificate.objects.filter(pk=row.pk).delete()
        return found

    monkeypatch.setattr(views, "_certificate", seen_just_before)
    monkeypatch.setattr(UploadForm, "judged", lambda *_: judged(root, ends=NOW + 180 * DAY))
    assert browser.post(f"/certificates/{row.pk}/{way}", {}).status_code == 404


def test_the_old_file_comes_once_more_while_its_renewal_is_taken_in(
    keep: Keep, root: Issued, user: User, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = judged(root)
    old = keeping.keep(instance=world.production, judged=first, user=user).certificate
    other = Other(lambda: keeping.keep(instance=world.production, judged=first, user=user))
    real = keeping.keep

    def while_the_other_comes(**options: Any) -> keeping.Kept:
        monkeypatch.setattr(keeping, "keep", real)
        other.begin()
        return real(**options)

    monkeypatch.setattr(keeping, "keep", while_the_other_comes)
    renewal = judged(root, ends=NOW + 180 * DAY)
    keeping.replace(certificate_id=old.pk, judged=renewal, user=user)
    assert other.join() is None
    assert Certificate.objects.count() == 2


def test_somebody_binds_the_old_certificate_while_its_renewal_is_taken_in(
    portal: Portal, keep: Keep, root: Issued, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, now = keep(), timezone.now()
    CustomDomain.objects.create(
        portal=portal, hostname=HOST, certificate=old, state="bound", published_at=now, bound_at=now
    )
    other, real = Other(bind(portal, old, user)), binding.bind

    def while_the_other_comes(**options: Any) -> Any:
        monkeypatch.setattr(binding, "bind", real)
        other.begin()
        return real(**options)

    monkeypatch.setattr(binding, "bind", while_the_other_comes)
    renewal = renewing.renew(certificate_id=old.pk, judged=judged(root, ends=NOW + 180 * DAY), user=user)
    told = other.join()
    assert renewal.begun == [HOST]
    assert isinstance(told, AlreadyActive)
    domain = CustomDomain.objects.get()
    assert domain.next_certificate == renewal.kept.certificate


def test_a_renewal_that_does_not_cover_what_is_just_being_bound_is_refused(
    portal: Portal, keep: Keep, root: Issued, user: User
) -> None:
    """The old certificate serves nothing yet: a job is to put it in the place of another one."""
    served, old, now = keep(), keep(ends=NOW + 100 * DAY), timezone.now()
    CustomDomain.objects.create(
        portal=portal, hostname=HOST, certificate=served, state="bound", published_at=now, bound_at=now
    )
    bind(portal, old, user)()
    leaf = root.issue("x", ["other.fabrikam.shop"], ends=NOW + 180 * DAY)
    opened = Opened(der_key(leaf.key), (der_of(leaf.certificate),), 1)
    with pytest.raises(Refusal) as refused:
        keeping.replace(certificate_id=old.pk, judged=judge(opened, roots=(), now=now), user=user)
    assert isinstance(refused.value, keeping.NoRenewal)
    assert refused.value.code == "host_mismatch"


def test_a_domain_whose_removal_failed_is_not_bound_again_by_a_renewal(
    portal: Portal, keep: Keep, root: Issued, user: User
) -> None:
    old, now = keep(), timezone.now()
    CustomDomain.objects.create(
        portal=portal, hostname=HOST, certificate=old, state="bound", published_at=now, bound_at=now
    )
    job = binding.unbind(portal_id=portal.pk, user=user)
    CustomDomain.objects.update(published_at=None)
    jobs.cancel(job_id=job.pk, requested_by=user)
    renewal = renewing.renew(certificate_id=old.pk, judged=judged(root, ends=NOW + 180 * DAY), user=user)
    assert (renewal.begun, renewal.refused) == ([], {})
