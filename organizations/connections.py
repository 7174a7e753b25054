"""Instances of kind Dataverse: adding one, changing how it is reached, testing that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from accounts.vault import seal
from accounts.words import N_, Refusal
from jobs.errors import JobError
from organizations import trail
from organizations.connect import access, connect, place
from organizations.dataverse import http, rights
from organizations.dataverse.credentials import Credential, valid_until
from organizations.dataverse.organization import DataverseOrganization
from organizations.dataverse.rights import Finding
from organizations.dataverse.session import Access, Session
from organizations.models import Connection, Instance, Language


class NotConnected(Refusal):
    """The organization could not be asked, or is another one; nothing was saved. `code` is the reason's short name."""

    def __init__(self, code: str, template: str, **values: object) -> None:
        super().__init__(template, **values)
        self.code = code


@dataclass(frozen=True)
class Wanted:
    """What a person filled in. Exactly one of `secret` and `pem`; neither keeps what is stored."""

    name: str
    url: str
    type: str
    tenant: str
    client_id: UUID
    secret: str = field(default="", repr=False)
    pem: str = field(default="", repr=False)

    @property
    def keeps_proof(self) -> bool:
        return not self.secret and not self.pem


@dataclass(frozen=True)
class _Facts:
    """What the organization says of itself."""

    organization_id: UUID
    base_language: int
    version: str
    languages: tuple[int, ...]


def add(wanted: Wanted) -> Instance:
    """A new instance, once its organization has answered. Raises NotConnected, Forbidden of the address."""
    instance_id = uuid4()
    reached = Access(
        http.of_url(wanted.url),
        wanted.tenant,
        Credential(wanted.client_id, secret=wanted.secret, pem=wanted.pem),
    )
    facts = _ask(instance_id, reached)
    known = Instance.objects.filter(
        kind=Instance.Kind.DATAVERSE, organization_id=facts.organization_id
    ).first()
    if known is not None:
        raise NotConnected(
            "already_added", N_("This organization is the instance %(name)s already."), name=known.name
        )
    with transaction.atomic():
        instance = Instance.objects.create(
            id=instance_id,
            kind=Instance.Kind.DATAVERSE,
            name=wanted.name,
            url=reached.origin.url,
            type=wanted.type,
            version=facts.version,
            base_language=facts.base_language,
            organization_id=facts.organization_id,
        )
        Connection.objects.create(instance=instance, **_kept(instance_id, wanted))
        _remember(instance, facts.languages)
        trail.connected(instance, before={})
    return instance


def change(instance: Instance, wanted: Wanted) -> Instance:
    """The same organization, reached otherwise. Raises NotConnected, Forbidden of the address; then nothing changed."""
    before = access(instance).credential if wanted.keeps_proof else None
    proof = (
        {"secret": before.secret, "pem": before.pem}
        if before
        else {"secret": wanted.secret, "pem": wanted.pem}
    )
    reached = Access(http.of_url(wanted.url), wanted.tenant, Credential(wanted.client_id, **proof))
    facts = _ask(instance.id, reached)
    if facts.organization_id != instance.organization_id:
        raise NotConnected(
            "another_organization",
            N_("Another organization answers at this address, so nothing was changed."),
        )
    with transaction.atomic():
        before_it = trail.shown(instance)
        instance.name, instance.url, instance.type = wanted.name, reached.origin.url, wanted.type
        instance.version, instance.base_language = facts.version, facts.base_language
        instance.save()
        kept = (
            {"tenant": wanted.tenant, "client_id": wanted.client_id} if before else _kept(instance.id, wanted)
        )
        Connection.objects.update_or_create(instance=instance, defaults=kept)
        _remember(instance, facts.languages)
        trail.connected(instance, before=before_it)
    return instance


def test(instance: Instance) -> list[Finding]:
    """Try every right, and keep what was found for the page."""
    try:
        findings = rights.check(access(instance), organization_id=instance.organization_id)
        if all(finding.ok for finding in findings):
            _remember(instance, connect(instance).provisioned_languages())
    except JobError as error:
        findings = [Finding("token", False, error.message)]
        findings += [Finding(right, None) for right in rights.TITLES if right != "token"]
    Connection.objects.filter(instance=instance).update(
        report=[asdict(finding) for finding in findings], checked_at=timezone.now()
    )
    return findings


def _ask(instance_id: UUID, reached: Access) -> _Facts:
    organization = DataverseOrganization(instance_id, reached)
    try:
        identity = organization.who_am_i()
        version = str(Session(reached).get("RetrieveVersion")["Version"])[:40]
        languages = tuple(organization.provisioned_languages())
        return _Facts(identity.organization_id, organization.base_language(), version, languages)
    except JobError as error:
        raise NotConnected(error.code, "%(said)s", said=error.message) from error
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise NotConnected(
            "no_organization", N_("What answers at this address is not an organization of Dynamics 365.")
        ) from error


def _remember(instance: Instance, enabled: Iterable[int]) -> None:
    """What lists show of the instance without asking it."""
    Language.objects.filter(instance=instance).exclude(lcid__in=enabled).delete()
    Language.objects.bulk_create(
        [Language(instance=instance, lcid=lcid, enabled=True) for lcid in enabled], ignore_conflicts=True
    )


def _kept(instance_id: UUID, wanted: Wanted) -> dict[str, object]:
    expires: datetime | None = valid_until(wanted.pem) if wanted.pem else None
    return {
        "tenant": wanted.tenant,
        "client_id": wanted.client_id,
        "proof": Connection.Proof.CERTIFICATE if wanted.pem else Connection.Proof.SECRET,
        "sealed": seal(wanted.pem or wanted.secret, place=place(instance_id)),
        "proof_expires_at": expires,
        "report": [],
        "checked_at": None,
    }
