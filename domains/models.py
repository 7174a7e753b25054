"""Certificates, custom domains and what people have entered in the wizard so far."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.views.decorators.debug import sensitive_variables

from accounts import vault
from domains.states import DomainState
from jobs.models import Job
from organizations.models import Instance
from provisioning.models import Portal

LONGEST_HOST = 253  # characters (RFC 1035, 2.3.4, without the final dot)


class Certificate(models.Model):
    """A certificate with its key, of one organization: listed and offered only there.

    Everything but the key is public and stands here as the certificate has it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="certificates")
    subject = models.TextField(help_text="Its common name, else its first name.")
    names = ArrayField(models.TextField(), help_text="Host names of its SAN, wildcards too, in lower case.")
    issuer = models.TextField()
    serial = models.CharField(max_length=60, help_text="Hexadecimal, as Windows shows it.")
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    # The earliest end in the chain: an intermediate may expire before the leaf.
    ends_at = models.DateTimeField()
    fingerprint = models.CharField(max_length=64, help_text="SHA-256, lower-case hexadecimal.")
    thumbprint = models.CharField(
        max_length=40, help_text="SHA-1, upper-case hexadecimal, as Windows shows it."
    )
    chain = models.TextField(help_text="PEM: the leaf, then its intermediates in order, without the root.")
    # Grows when the same certificate comes with a better chain: servers of it load it anew.
    revision = models.PositiveIntegerField(default=1)
    sealed_key = models.TextField(help_text="PEM (PKCS #8), sealed for this row; see accounts.vault.")
    # "Bound" and "trusted by browsers" are two facts.
    is_trusted = models.BooleanField(help_text="Its chain leads to a root that browsers know.")
    warnings = models.JSONField(default=list, help_text="Codes of domains.certificates.judging, with values.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # Its renewal: whoever is bound to this one goes over to that one.
    replaced_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="replaces")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance", "fingerprint"], name="domains_certificate_once"),
            models.CheckConstraint(
                condition=Q(not_before__lt=F("not_after")), name="domains_certificate_begins_before_end"
            ),
            models.CheckConstraint(
                condition=Q(replaced_by__isnull=True) | ~Q(replaced_by=F("id")),
                name="domains_certificate_not_its_own_renewal",
            ),
        ]
        indexes = [
            models.Index(fields=["instance", "subject", "id"], name="domains_certificate_by_name"),
            models.Index(fields=["ends_at"], name="domains_certificate_by_end"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def key_place(self) -> str:
        """Where its key is sealed for."""
        return f"certificate:{self.pk}:key"

    @sensitive_variables()
    def seal_key(self, pem: str) -> None:
        """Set the key. The row is not saved."""
        self.sealed_key = vault.seal(pem, place=self.key_place)

    def unseal_key(self) -> str:
        """The private key, as unencrypted PEM (PKCS #8). Raises vault.CannotOpen."""
        return vault.unseal(self.sealed_key, place=self.key_place)


class CustomDomain(models.Model):
    """The one custom domain of a portal: the host name, and its SSL binding.

    A row claims the host name for its portal from the moment that the binding is asked for. `state`, `job`,
    `evidence` and the times change only in the transactions of the jobs that they tell of (`domains.workflows`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    portal = models.OneToOneField(Portal, on_delete=models.PROTECT, related_name="custom_domain")
    hostname = models.CharField(
        max_length=LONGEST_HOST, unique=True, help_text="A-labels in lower case, without a final dot."
    )
    # What is served, or, before anything is published, what will be.
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="domains")
    # What a job is to put in its place; the old one is served until the new one is.
    next_certificate = models.ForeignKey(
        Certificate, null=True, on_delete=models.PROTECT, related_name="next_domains"
    )
    state = models.CharField(max_length=12, default=DomainState.VERIFYING.value)
    # The edge serves the host with `certificate` from here on; None: it does not.
    published_at = models.DateTimeField(null=True)
    bound_at = models.DateTimeField(null=True, help_text="When the edge was last seen to serve it.")
    verified_at = models.DateTimeField(null=True, help_text="When DNS last led here.")
    checked_at = models.DateTimeField(null=True, help_text="When DNS was last asked.")
    failing_since = models.DateTimeField(null=True, help_text="DNS leads elsewhere since then.")
    # What DNS said at that time, for the table of the page (domains.dns).
    evidence = models.JSONField(default=dict)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in DomainState]), name="domains_state_known"
            ),
            models.CheckConstraint(
                condition=Q(hostname__regex=r"^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$"),
                name="domains_host_form",
            ),
            models.CheckConstraint(
                condition=~Q(state=DomainState.BOUND.value)
                | Q(published_at__isnull=False, bound_at__isnull=False),
                name="domains_bound_is_published",
            ),
        ]
        indexes = [
            models.Index(
                fields=["hostname"], condition=Q(published_at__isnull=False), name="domains_published"
            ),
        ]

    def __str__(self) -> str:
        return self.hostname


class WizardDraft(models.Model):
    """What was chosen in "Add a custom domain name" and is not asked for yet; neither a file nor a password.

    One of each portal, for all who manage it, so that another person or another day can go on with it.
    """

    portal = models.OneToOneField(
        Portal, primary_key=True, on_delete=models.CASCADE, related_name="domain_draft"
    )
    certificate = models.ForeignKey(Certificate, null=True, on_delete=models.SET_NULL, related_name="+")
    hostname = models.CharField(max_length=LONGEST_HOST, blank=True, default="")
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    edited_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Draft of {self.portal_id}"


class DanglingRecord(models.Model):
    """A host name that a portal gave up and whose DNS record leads to it still, as far as is known.

    Written in the transaction that gives the host name up, and taken away when DNS was seen to lead elsewhere
    (`domains.workflows.dangling`).
    """

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="dangling_records")
    hostname = models.CharField(max_length=LONGEST_HOST)
    target = models.CharField(max_length=LONGEST_HOST, help_text="The host of the portal's base URL then.")
    given_up_at = models.DateTimeField()
    seen_at = models.DateTimeField(
        null=True, help_text="When DNS was last seen to lead to it; None: never yet."
    )
    checked_at = models.DateTimeField(null=True, help_text="When DNS was last asked.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "hostname"], name="domains_dangling_once"),
        ]
        indexes = [
            models.Index(fields=["checked_at", "id"], name="domains_dangling_by_check"),
        ]

    def __str__(self) -> str:
        return f"{self.hostname} -> {self.target}"


class ExpiryNotice(models.Model):
    """The ledger of warnings: which one was sent for which certificate, and to whom. Only ever added to.

    `days` is the threshold that was reached: 30 (or a third of the lifetime), 14, 7, 3, 1, 0, then below zero one for
    each day after the end. Nobody gets a warning twice.
    """

    certificate = models.ForeignKey(Certificate, on_delete=models.CASCADE, related_name="notices")
    ends_at = models.DateTimeField(help_text="The end that it warned of.")
    days = models.SmallIntegerField()
    sent_at = models.DateTimeField(auto_now_add=True)
    address = models.CharField(
        max_length=254,
        default="",
        help_text="E-mail address; empty in rows of before, which went to everybody.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["certificate", "ends_at", "days", "address"], name="domains_notice_once_each"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.certificate_id}: {self.days} days"


# The edge's own tables, which Django looks for here.
from domains.edge.models import BaseCertificate, EdgeRevision  # noqa: E402

__all__ = [
    "BaseCertificate",
    "Certificate",
    "CustomDomain",
    "DanglingRecord",
    "EdgeRevision",
    "ExpiryNotice",
    "WizardDraft",
]
