"""What an administrator should look at before an installation is tried again (mission, "Troubleshoot Provisioning"):
who installs, and in which languages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from accounts import permissions
from accounts.roles import OrganizationRole
from jobs.errors import JobError
from jobs.models import Job
from organizations import installations
from organizations.connect import connect
from organizations.importing import Installer
from organizations.languages import LanguageInfo, language
from organizations.models import Instance, SolutionInstall
from organizations.packages import catalog
from organizations.ports import Organization

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Languages:
    """`portal` is None where no portal asked for the solution; `enabled` tells of the portal's."""

    default: LanguageInfo
    portal: LanguageInfo | None
    enabled: bool

    @property
    def differ(self) -> bool:
        return self.portal is not None and self.portal != self.default


@dataclass(frozen=True)
class Retry:
    """An installation that failed, before its next attempt. `languages` and `installer_fits` are None, and `problem`
    says why, when the organization did not tell."""

    install: SolutionInstall
    name: str
    installer: str
    installer_fits: bool | None
    languages: Languages | None
    problem: str
    may_set_default: bool


def retry_of(*, instance: Instance, unique_name: str, user: User) -> Retry:
    """For a person who would retry it. Raises installations.NothingToRetry."""
    install = installations.failed(instance_id=instance.id, unique_name=unique_name)
    job = Job.objects.filter(pk=install.job_id).first() if install.job_id else None
    installer = _installer(job, user, instance.id)
    problem, fits, languages = "", None, None
    try:
        organization = connect(instance)
        fits = OrganizationRole.SYSTEM_ADMINISTRATOR in organization.roles_of(installer.object_id)
        languages = _languages(organization, job)
    except JobError as error:
        problem = error.message
    return Retry(
        install=install,
        name=_name(install),
        installer=installer.name,
        installer_fits=fits,
        languages=languages,
        problem=problem,
        may_set_default=permissions.is_system_administrator(user, instance.id),
    )


def _installer(job: Job | None, user: User, instance_id: UUID) -> Installer:
    """As `installations.retry` will have it."""
    before = Installer.of(job.inputs) if job else None
    if before is None or permissions.is_system_administrator(user, instance_id):
        return Installer(user.directory_object_id, str(user))
    return before


def _languages(organization: Organization, job: Job | None) -> Languages:
    default = language(organization.default_language())
    lcid = job.inputs.get("language") if job else None
    if lcid is None:
        return Languages(default, None, enabled=True)
    return Languages(default, language(lcid), enabled=lcid in organization.provisioned_languages())


def _name(install: SolutionInstall) -> str:
    if install.package:
        return install.package.friendly_name
    return catalog.friendly_names().get(install.unique_name, install.unique_name)
