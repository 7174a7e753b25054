"""What must be true of portals, their jobs, the ledger and the outside world, whatever was done to all of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.directory import directory
from accounts.models import DirectoryApplication
from accounts.vault import unseal
from provisioning.configuration import Configuration
from provisioning.models import Portal, portal_key
from provisioning.phases import Phase
from provisioning.workflows.provision import website_id
from tests.provisioning.conftest import World

_NEVER = {
    "two active jobs of one portal": """
        SELECT exclusive_key FROM jobs_job
        WHERE state IN ('queued', 'waiting', 'running', 'cancelling') AND exclusive_key = ANY(%(keys)s)
        GROUP BY 1 HAVING count(*) > 1""",
    "a step that is not done before the cursor, or done behind it": """
        SELECT job.id, step.index FROM jobs_job AS job JOIN jobs_jobstep AS step ON step.job_id = job.id
        WHERE job.inputs ->> 'portal_id' = ANY(%(portals)s) AND (step.state = 'done') <> (step.index < job.cursor)""",
    "a job that ended more than once, or not as its events say": """
        SELECT job.id FROM jobs_job AS job JOIN jobs_jobevent AS event ON event.job_id = job.id
        WHERE job.inputs ->> 'portal_id' = ANY(%(portals)s)
        GROUP BY job.id HAVING count(*) FILTER (WHERE event.state IN
            ('succeeded', 'failed', 'blocked', 'cancelled', 'quarantined'))
          <> CASE WHEN job.finished_at IS NULL THEN 0 ELSE 1 END""",
    "an error that nobody foresaw": """
        SELECT id, error_message FROM jobs_job
        WHERE inputs ->> 'portal_id' = ANY(%(portals)s) AND error_code IN ('unexpected', 'error')""",
    "an address of a portal without a row in the ledger": """
        SELECT address.subdomain FROM provisioning_address AS address
        WHERE address.portal_id::text = ANY(%(portals)s) AND NOT EXISTS (
            SELECT 1 FROM jobs_resource AS row WHERE row.state <> 'released' AND row.kind = 'address'
              AND row.name = address.subdomain AND row.exclusive_key = 'portal:' || address.portal_id)""",
    "a route of a portal without a row in the ledger": """
        SELECT address.subdomain FROM provisioning_address AS address
        WHERE address.portal_id::text = ANY(%(portals)s) AND address.is_routed AND NOT EXISTS (
            SELECT 1 FROM jobs_resource AS row WHERE row.state <> 'released' AND row.kind = 'route'
              AND row.name = address.subdomain AND row.exclusive_key = 'portal:' || address.portal_id)""",
    "an application in the directory without a row in the ledger": """
        SELECT application.id FROM accounts_directoryapplication AS application
        WHERE application.request_key = ANY(%(keys)s) AND NOT EXISTS (
            SELECT 1 FROM jobs_resource AS row WHERE row.state <> 'released'
              AND row.kind = 'directory-application' AND row.exclusive_key = application.request_key)""",
    "a secret of an application without a row in the ledger": """
        SELECT secret.id FROM accounts_directoryapplicationsecret AS secret
        JOIN accounts_directoryapplication AS application ON application.id = secret.application_id
        WHERE application.request_key = ANY(%(keys)s) AND NOT EXISTS (
            SELECT 1 FROM jobs_resource AS row WHERE row.state <> 'released'
              AND row.kind = 'client-secret' AND row.exclusive_key = application.request_key)""",
    "a website in the organization without a row in the ledger": """
        SELECT record.record_id FROM organizations_record AS record
        WHERE record.record_id = ANY(%(websites)s) AND record.entity = 'adx_website' AND NOT EXISTS (
            SELECT 1 FROM jobs_resource AS row WHERE row.kind = 'adx_website' AND row.scope = 'organization'
              AND row.name = record.record_id::text AND row.state <> 'released')""",
    "something hosted that a reset left in the ledger": """
        SELECT row.id, row.kind FROM jobs_resource AS row
        JOIN provisioning_portal AS portal ON row.exclusive_key = 'portal:' || portal.id
        WHERE portal.id::text = ANY(%(portals)s) AND portal.phase = 'reset'
          AND row.scope = 'hosted' AND row.state <> 'released'""",
    "something hosted that a reset left in the world": """
        SELECT portal.id FROM provisioning_portal AS portal
        WHERE portal.id::text = ANY(%(portals)s) AND portal.phase = 'reset' AND (
            portal.client_secret <> '' OR portal.application_id IS NOT NULL
            OR EXISTS (SELECT 1 FROM provisioning_address AS address WHERE address.portal_id = portal.id)
            OR EXISTS (SELECT 1 FROM accounts_directoryapplication AS application
                       WHERE application.request_key = 'portal:' || portal.id))""",
    "a phase that is not that of its job": """
        SELECT portal.id, portal.phase, job.state FROM provisioning_portal AS portal
        JOIN jobs_job AS job ON job.exclusive_key = 'portal:' || portal.id
          AND job.state IN ('queued', 'waiting', 'running', 'cancelling')
        WHERE portal.id::text = ANY(%(portals)s) AND portal.phase
          <> CASE job.kind WHEN 'provision-portal' THEN 'configuring' WHEN 'reset-portal' THEN 'resetting'
             WHEN 'update-instance-url' THEN 'instance-updating' ELSE 'configured' END""",
    "a failure without a job that failed": """
        SELECT portal.id, portal.phase, job.state FROM provisioning_portal AS portal
        JOIN jobs_job AS job ON job.id = CASE portal.phase WHEN 'provisioning-failed' THEN portal.provision_job_id
            WHEN 'reset-failed' THEN portal.reset_job_id
            WHEN 'instance-update-failed' THEN portal.instance_job_id END
        WHERE portal.id::text = ANY(%(portals)s)
          AND job.state NOT IN ('failed', 'blocked', 'cancelled', 'quarantined')""",
    "a configured portal that is bound to no address that its organization had": """
        SELECT portal.id, portal.organization_url FROM provisioning_portal AS portal
        JOIN organizations_instance AS instance ON instance.id = portal.instance_id
        WHERE portal.id::text = ANY(%(portals)s) AND portal.phase = 'configured'
          AND portal.organization_url NOT IN ('', instance.url) AND NOT EXISTS (
            SELECT 1 FROM accounts_auditrecord AS told WHERE told.verb = 'update-instance-url'
              AND told.subject_id = instance.id::text AND portal.organization_url IN (
                told.before ->> 'url', told.after ->> 'url'))""",
    "a portal that is at work on nothing": """
        SELECT portal.id, portal.phase FROM provisioning_portal AS portal
        WHERE portal.id::text = ANY(%(portals)s)
          AND portal.phase IN ('configuring', 'resetting', 'instance-updating') AND NOT EXISTS (
            SELECT 1 FROM jobs_job AS job WHERE job.exclusive_key = 'portal:' || portal.id
              AND job.state IN ('queued', 'waiting', 'running', 'cancelling'))""",
}
_ALL = "\nUNION ALL\n".join(
    f"SELECT '{what}' AS what, row_to_json(found)::text AS found FROM ({sql}) AS found"  # noqa: S608 - constants of this module
    for what, sql in _NEVER.items()
)


def check(ids: Collection[UUID]) -> None:
    """Raises AssertionError naming what does not hold of these portals."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ALL,
            {
                "portals": [str(id) for id in ids],
                "keys": [portal_key(id) for id in ids],
                "websites": [website_id(id) for id in ids],
            },
        )
        assert cursor.fetchall() == []
    for portal in Portal.objects.filter(pk__in=list(ids), phase=Phase.CONFIGURED):
        _check_configured(portal)


def _check_configured(portal: Portal) -> None:
    """It has one application with one secret, which it knows."""
    application = DirectoryApplication.objects.get(request_key=portal.exclusive_key)
    assert (portal.application_id, portal.client_id) == (application.id, application.client_id)
    assert directory().secret_ids(application.id) == [portal.client_secret_id]
    text = unseal(portal.client_secret, place=f"portal:{portal.id}:client-secret")
    assert directory().check_secret(application.client_id, text)


def configuration(world: World, subdomain: str, **changes: Any) -> Configuration:
    """Values of a small portal at that address."""
    key = f"_configuration_{world.production.id}"
    known: Configuration | None = getattr(configuration, key, None)
    if known is None:
        known = world.configuration(template="custom")
        setattr(configuration, key, known)
    return Configuration(**{**vars(known), "subdomain": subdomain, "name": "Soak", **changes})
