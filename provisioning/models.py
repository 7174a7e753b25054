"""Portals, their addresses, and what was agreed to before they were provisioned."""

from __future__ import annotations

import uuid
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jobs.models import Job
from organizations.models import Instance
from provisioning.features import AUDIENCES, KINDS, PortalKind
from provisioning.phases import ADD_ON, Packages, Phase, title_template


class PortalType(models.TextChoices):
    """The subscription's kind."""

    TRIAL = "trial", _("Trial")
    PRODUCTION = "production", _("Production")


class DevelopmentStatus(models.TextChoices):
    """Where a production portal stands with the people who build it; only told, nothing follows from it."""

    PROTOTYPE = "prototype", _("Prototype")
    DEVELOPMENT = "development", _("Development")
    TEST = "test", _("Test")
    UAT = "uat", _("UAT")
    LIVE = "live", _("Live")


class Portal(models.Model):
    """A portal add-on, and once it is configured the portal that it became.

    `phase` and `packages` change only in the transactions of the jobs that they tell of (`provisioning.workflows`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, blank=True, default="")
    type = models.CharField(max_length=10, choices=PortalType.choices)
    development_status = models.CharField(
        max_length=12, choices=DevelopmentStatus.choices, blank=True, default=""
    )
    early_upgrade = models.BooleanField(default=False)
    is_on = models.BooleanField(default=True, help_text="Portal state: Off answers visitors with a notice.")
    phase = models.CharField(max_length=25, default=Phase.NOT_CONFIGURED.value)
    packages = models.CharField(max_length=15, default=Packages.NONE.value)
    # Status "Configured": only tells that someone who may has opened Manage.
    opened_at = models.DateTimeField(null=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="portals"
    )
    instance = models.ForeignKey(Instance, null=True, on_delete=models.PROTECT, related_name="portals")
    # Where it reaches its organization. Another one than the instance's: the organization moved since, and nothing is
    # read there until the portal is bound anew.
    organization_url = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="Address of its organization, as it was bound to it.",
    )
    subdomain = models.CharField(max_length=63, blank=True, default="")
    language = models.PositiveIntegerField(null=True, help_text="LCID")
    # Of the sample content, which not every language has; None until it is there.
    content_language = models.PositiveIntegerField(null=True, help_text="LCID")
    administrator_id = models.UUIDField(null=True, help_text="System user of the organization.")
    administrator_name = models.CharField(max_length=200, blank=True, default="")
    audience = models.CharField(
        max_length=10,
        choices=[(audience.value, _(title)) for audience, title in AUDIENCES.items()],
        blank=True,
        default="",
    )
    template = models.CharField(
        max_length=30,
        choices=[(kind.value, _(facts.title)) for kind, facts in KINDS.items()],
        blank=True,
        default="",
    )
    add_ons = models.JSONField(default=list, blank=True, help_text="Names of provisioning.features.AddOn.")
    website_id = models.UUIDField(null=True, help_text="Its adx_website in the organization.")
    # From here on the organization's pages are shown instead of "Getting set up".
    published_at = models.DateTimeField(null=True)
    application_id = models.UUIDField(null=True, help_text="Its application in the directory.")
    client_id = models.UUIDField(null=True)
    client_secret = models.TextField(blank=True, default="", help_text="Sealed; see accounts.vault.")
    client_secret_id = models.UUIDField(null=True)
    provision_job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    packages_job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    reset_job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    instance_job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    # What the Applications tab searches and sorts by; the database keeps them (migration 0004), nobody writes them.
    search_key = models.TextField(db_collation="C", default="", editable=False)
    instance_key = models.TextField(db_collation="C", default="", editable=False)
    owner_key = models.TextField(db_collation="C", default="", editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(phase__in=[p.value for p in Phase]), name="provisioning_phase_known"
            ),
            models.CheckConstraint(
                condition=Q(packages__in=[p.value for p in Packages]), name="provisioning_packages_known"
            ),
            models.CheckConstraint(
                condition=Q(phase=Phase.NOT_CONFIGURED.value)
                | (
                    Q(instance__isnull=False)
                    & ~Q(name="")
                    & ~Q(subdomain="")
                    & Q(provision_job__isnull=False)
                ),
                name="provisioning_configured_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(type=PortalType.PRODUCTION.value) | Q(development_status=""),
                name="provisioning_status_of_production_only",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], name="provisioning_oldest_first"),
            models.Index(fields=["instance", "created_at"], name="provisioning_by_instance"),
            models.Index(fields=["search_key", "id"], name="provisioning_by_name"),
            models.Index(fields=["phase", "search_key", "id"], name="provisioning_by_phase"),
            models.Index(fields=["instance_key", "search_key", "id"], name="provisioning_by_inst_name"),
            models.Index(fields=["owner_key", "search_key", "id"], name="provisioning_by_owner"),
            models.Index(
                models.ExpressionWrapper(Q(opened_at__isnull=True), output_field=models.BooleanField()),
                models.F("search_key"),
                models.F("id"),
                name="provisioning_by_status",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def current_phase(self) -> Phase:
        return Phase(self.phase)

    @property
    def display_name(self) -> str:
        """The name with the suffix of its phase, in the reader's language."""
        return gettext(title_template(self.current_phase)) % {"name": self.name}

    @property
    def status(self) -> str:
        """Whether its admin center was ever opened; never goes back."""
        return gettext("Configured") if self.opened_at else gettext("Not Configured")

    @property
    def application_type(self) -> str:
        """What the Applications tab says of the kind of application."""
        return gettext(KINDS[PortalKind(self.template)].title if self.template else ADD_ON)

    @property
    def host(self) -> str:
        """Host name of its base URL; empty before it is configured."""
        return f"{self.subdomain}.{settings.PORTAL_BASE_DOMAIN}" if self.subdomain else ""

    @property
    def url(self) -> str:
        """Its base URL."""
        port = f":{settings.PORTAL_PORT}" if settings.PORTAL_PORT else ""
        return f"{settings.PORTAL_SCHEME}://{self.host}{port}/" if self.host else ""

    @property
    def exclusive_key(self) -> str:
        """One job at a time works on a portal."""
        return portal_key(self.id)


def portal_key(portal_id: UUID | str) -> str:
    """The exclusive key of a portal's jobs, and the key of its resources in the ledger."""
    return f"portal:{portal_id}"


def secret_place(portal_id: UUID | str) -> str:
    """Where a portal's client secret is sealed for (accounts.vault)."""
    return f"portal:{portal_id}:client-secret"


class Address(models.Model):
    """A subdomain that is taken. One that ever answered visitors stays with its organization."""

    subdomain = models.CharField(max_length=63, unique=True)
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    # None: nobody answers there now, but it is still kept for the organization.
    portal = models.OneToOneField(Portal, null=True, on_delete=models.SET_NULL, related_name="address")
    # Visitors are led to the portal.
    is_routed = models.BooleanField(default=False)
    answered_at = models.DateTimeField(null=True, help_text="When it first answered.")
    reserved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_routed=False) | Q(portal__isnull=False),
                name="provisioning_route_leads_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(subdomain__regex=r"^[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])$"),
                name="provisioning_subdomain_form",
            ),
            models.CheckConstraint(
                condition=Q(portal__isnull=False) | Q(answered_at__isnull=False),
                name="provisioning_kept_if_answered",
            ),
        ]

    def __str__(self) -> str:
        return self.subdomain


class Draft(models.Model):
    """What was entered in the configure form and is not submitted yet; one of each portal, for all who may edit it."""

    portal = models.OneToOneField(Portal, primary_key=True, on_delete=models.CASCADE, related_name="draft")
    values = models.JSONField(default=dict)
    # Grows with every change: the terms are accepted for the values that were shown with them.
    revision = models.PositiveIntegerField(default=1)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    edited_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Draft of {self.portal_id}"


class TermsAcceptance(models.Model):
    """Who accepted which version of the terms of service, when, for which job. Only ever added to."""

    portal = models.ForeignKey(Portal, on_delete=models.PROTECT, related_name="acceptances")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    # The account may go; the record stays.
    user_email = models.EmailField()
    terms_version = models.CharField(max_length=20)
    accepted_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.user_email} accepted {self.terms_version}"
