"""What is served: found by exact name, read again when it changed, and kept under a limit."""

from __future__ import annotations

import ssl

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.vault import CannotOpen
from domains.edge import snapshot
from domains.edge.base import RENEW_BEFORE, base_certificate
from domains.edge.choosing import host_of
from domains.edge.contexts import Contexts
from domains.edge.watcher import Watcher
from domains.models import BaseCertificate, Certificate, CustomDomain
from provisioning.models import Portal
from tests.domains.conftest import Keep
from tests.domains.serving import served

HOST = "www.contoso.com"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("WWW.Contoso.com", HOST),
        ("www.contoso.com.", HOST),
        ("www.contoso.com:8443", HOST),
        ("[::1]:8443", "[::1]:8443"),
        ("", ""),
    ],
)
def test_a_name_has_one_spelling(text: str, host: str) -> None:
    assert host_of(text) == host


def test_only_exact_names_and_one_label_below_the_base_domain_are_ours(portal: Portal, keep: Keep) -> None:
    certificate = keep("*.contoso.com")
    served(portal, certificate, HOST)
    now = snapshot.read()
    found = now.find(HOST)
    assert found is not None
    assert found.fingerprint == certificate.fingerprint
    assert now.find("other.contoso.com") is None
    assert now.find("portals.localhost") is now.find("x.portals.localhost") is now.base
    assert now.find("a.b.portals.localhost") is now.find("localhost") is now.find("") is None


def test_every_change_that_matters_is_noticed_and_others_are_not(portal: Portal, keep: Keep) -> None:
    old, new = keep(HOST), keep(HOST)
    seen = [snapshot.revision()]

    def changed() -> bool:
        seen.append(snapshot.revision())
        return seen[-1] > seen[-2]

    domain = served(portal, old, HOST)
    assert changed()
    rows = CustomDomain.objects.filter(pk=domain.pk)
    rows.update(certificate=new)
    assert changed()
    rows.update(evidence={"verdict": "missing"}, checked_at=timezone.now(), failing_since=timezone.now())
    assert not changed()
    Certificate.objects.filter(pk=new.pk).update(revision=2)
    assert changed()
    rows.update(published_at=None, state="removing")
    assert changed()
    rows.delete()
    assert changed()


def test_what_is_known_is_not_read_again(
    portal: Portal, keep: Keep, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    certificate = keep(HOST)
    served(portal, certificate, HOST)
    watcher = Watcher()
    watcher.look()
    first = watcher.current
    with django_assert_num_queries(1):
        watcher.look()
    assert watcher.current is first
    Certificate.objects.filter(pk=certificate.pk).update(revision=2)
    watcher.look()
    assert watcher.current.hosts[HOST].key == (str(certificate.pk), 2)
    CustomDomain.objects.update(published_at=None, state="removing")
    watcher.look()
    assert watcher.current.hosts == {}


def test_keys_stay_sealed_in_it(portal: Portal, keep: Keep) -> None:
    certificate = keep(HOST)
    served(portal, certificate, HOST)
    one = snapshot.read().hosts[HOST]
    assert "PRIVATE KEY" not in repr(one)
    assert "PRIVATE KEY" not in one.sealed_key
    assert one.private_key() == certificate.unseal_key()


def test_contexts_are_made_once_and_the_longest_unused_goes(portal: Portal, keep: Keep) -> None:
    first, second = keep(HOST), keep(HOST)
    served(portal, first, HOST)
    one = snapshot.read().hosts[HOST]
    CustomDomain.objects.update(certificate=second)
    other = snapshot.read().hosts[HOST]
    contexts = Contexts(1)
    kept = contexts.of(one)
    assert contexts.of(one) is kept
    contexts.of(other)
    assert len(contexts) == 1
    assert contexts.of(one) is not kept
    assert kept.num_tickets == 0
    assert kept.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_key_of_another_row_does_not_open(portal: Portal, keep: Keep) -> None:
    first, second = keep(HOST), keep(HOST)
    Certificate.objects.filter(pk=first.pk).update(sealed_key=second.sealed_key)
    served(portal, first, HOST)
    with pytest.raises(CannotOpen):
        Contexts(1).of(snapshot.read().hosts[HOST])


def test_the_self_made_certificate_lasts_and_is_renewed_in_time(db: None) -> None:
    now = timezone.now()
    first = base_certificate("portals.localhost", now=now)
    assert base_certificate("portals.localhost", now=now).fingerprint == first.fingerprint
    BaseCertificate.objects.update(not_after=now + RENEW_BEFORE / 2)
    assert base_certificate("portals.localhost", now=now).fingerprint != first.fingerprint
