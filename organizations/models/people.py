"""People of an embedded organization and their security roles."""

from __future__ import annotations

import uuid

from django.db import models

from organizations.models.instance import Instance


class SystemUser(models.Model):
    """A user of an organization: a person of the directory (`object_id`) or one of its applications."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="system_users")
    full_name = models.CharField(max_length=200)
    email = models.EmailField(blank=True, default="")
    object_id = models.UUIDField(null=True)
    application_id = models.UUIDField(null=True)
    disabled = models.BooleanField(default=False)

    class Meta:
        ordering = ["full_name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "object_id"], name="organizations_user_person_once"),
            models.UniqueConstraint(
                fields=["instance", "application_id"], name="organizations_user_application_once"
            ),
        ]
        indexes = [models.Index(fields=["object_id"], name="organizations_user_object")]

    def __str__(self) -> str:
        return self.full_name


class SecurityRole(models.Model):
    """A security role. Its name is the organization's own word for it; the template says which role it is."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="security_roles")
    name = models.CharField(max_length=100)
    template_id = models.UUIDField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "name"], name="organizations_role_once"),
            models.UniqueConstraint(
                fields=["instance", "template_id"], name="organizations_role_template_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RoleMembership(models.Model):
    """One role that one user holds."""

    user = models.ForeignKey(SystemUser, on_delete=models.CASCADE, related_name="memberships")
    role = models.ForeignKey(SecurityRole, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="organizations_membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"
