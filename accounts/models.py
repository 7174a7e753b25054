"""People, their directory roles, the embedded directory's client applications, and the audit trail."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext

from accounts.audit.verbs import RESULT_WORDS, WORDS, Result, Verb
from accounts.roles import DirectoryRole


class UserManager(BaseUserManager["User"]):
    """Makes people; an e-mail address is a person's name at sign-in, so it is kept in lower case."""

    def create_user(self, *, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *, email: str, password: str | None = None, **fields: Any) -> User:
        """`manage.py createsuperuser`: a first Global Administrator for an installation of one's own."""
        user = self.create_user(email=email, password=password, **fields)
        DirectoryRoleAssignment.objects.create(user=user, role=DirectoryRole.GLOBAL_ADMINISTRATOR)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person of the directory who may sign in to the admin center."""

    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=150)
    # The same person's object id in every organization of the tenant (`azureactivedirectoryobjectid`).
    directory_object_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    # Of the admin center, one of settings.LANGUAGES; "" is what the browser asks for.
    language = models.CharField(max_length=10, blank=True, default="")

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["display_name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_any_case"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.email


class DirectoryRoleAssignment(models.Model):
    """One directory role of one person."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="directory_roles")
    role = models.CharField(max_length=40, choices=[(role.value, role.name) for role in DirectoryRole])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="accounts_directory_role_once"),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in DirectoryRole]),
                name="accounts_directory_role_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"


class DirectoryApplication(models.Model):
    """A client application of the embedded directory: what a portal signs its people in with."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Entra ID calls this `appId`: the id that clients send.
    client_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    display_name = models.CharField(max_length=200)
    redirect_uris = models.JSONField(default=list)
    # Who asked for it, as a stable name over repeated calls: the same key never makes a second application.
    request_key = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.display_name


class DirectoryApplicationOwner(models.Model):
    """A person who may change or delete an application beside the Global Administrators."""

    application = models.ForeignKey(DirectoryApplication, on_delete=models.CASCADE, related_name="owners")
    object_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "object_id"], name="accounts_application_owner_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.object_id}"


class DirectoryApplicationSecret(models.Model):
    """A secret of an application. The directory keeps only what it needs to check it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(DirectoryApplication, on_delete=models.CASCADE, related_name="secrets")
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.application}: secret until {self.expires_at:%Y-%m-%d}"


class AuditRecord(models.Model):
    """One line of the audit trail: who did what to what, with which result, from where.

    Only ever added to: triggers refuse everything else (migration 0003). So it points at nothing by foreign keys, and
    tells names as they were.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(db_default=Now(), editable=False)
    # No person: a stranger (with an address), or a process of ours, which `actor` names.
    person_id = models.BigIntegerField(null=True)
    login = models.CharField(max_length=254, blank=True, default="")
    actor = models.CharField(max_length=150, blank=True, default="")
    verb = models.CharField(max_length=40)
    result = models.CharField(max_length=10)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=64, blank=True, default="")
    subject_name = models.CharField(max_length=200, blank=True, default="")
    # What the subject belongs to (the portal of a job), else the subject itself.
    about_kind = models.CharField(max_length=20)
    about_id = models.CharField(max_length=64, blank=True, default="")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    code = models.CharField(max_length=60, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    error_id = models.CharField(max_length=8, blank=True, default="")
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True, default="")
    path = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(result__in=[result.value for result in Result]),
                name="accounts_audit_result_known",
            ),
        ]
        # The text search has an index over words of its own (migration 0003).
        indexes = [
            models.Index(fields=["at", "id"], name="accounts_audit_newest"),
            models.Index(fields=["verb", "at", "id"], name="accounts_audit_by_verb"),
            models.Index(fields=["result", "at", "id"], name="accounts_audit_by_result"),
            models.Index(fields=["subject_kind", "at", "id"], name="accounts_audit_by_kind"),
            models.Index(fields=["subject_id", "at", "id"], name="accounts_audit_by_subject"),
            models.Index(fields=["about_id", "at", "id"], name="accounts_audit_by_about"),
            models.Index(
                fields=["error_id", "at", "id"], condition=~Q(error_id=""), name="accounts_audit_by_error_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor or 'a stranger'}: {self.verb} ({self.result})"

    @property
    def words(self) -> str:
        """What was done, in the reader's language."""
        return gettext(WORDS[Verb(self.verb)]) if self.verb in set(Verb) else self.verb

    @property
    def result_words(self) -> str:
        """What came of it, in the reader's language."""
        return gettext(RESULT_WORDS[Result(self.result)])
