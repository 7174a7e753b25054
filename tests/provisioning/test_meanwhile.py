"""What changed while somebody was busy with a page is told at the next click, and nothing that was entered is lost."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest

from accounts.roles import OrganizationRole
from jobs.models import Job
from organizations.models import Language, RoleMembership
from provisioning import terms
from provisioning.models import Address, Draft, Portal
from tests.provisioning.conftest import SignIn, World
from tests.provisioning.test_configure import accept, codes, page

pytestmark = pytest.mark.django_db

ENTERED = {"name": "Kept while things change", "subdomain": "kept", "language": "1031", "early_upgrade": "on"}


def language_off(world: World) -> None:
    Language.objects.filter(instance=world.production, lcid=1031).update(enabled=False)


def administrator_left(world: World) -> None:
    """The chosen portal administrator, who is another person than the one who submits."""
    RoleMembership.objects.filter(
        user__instance=world.production,
        user__email__startswith="second.admin",
        role__name="System Administrator",
    ).delete()


def organization_closed(world: World) -> None:
    world.production.state = "disabled"
    world.production.save()


CHANGES: list[tuple[Callable[[World], None], str]] = [
    (language_off, "invalid_choice"),
    (administrator_left, "invalid_choice"),
    (organization_closed, "organization_unavailable"),
]


@pytest.mark.parametrize(("change", "code"), CHANGES)
@pytest.mark.parametrize("step", ["submit", "accept"])
def test_it_is_told_with_everything_kept(
    world: World, sign_in: SignIn, change: Callable[[World], None], code: str, step: str
) -> None:
    browser, portal = sign_in("system.admin"), world.portal()
    people = world.organization.users_with_role(OrganizationRole.SYSTEM_ADMINISTRATOR)
    second = next(str(person.id) for person in people if person.email.startswith("second.admin"))
    values = world.values(**ENTERED, administrator=second)
    if step == "accept":
        assert browser.post(page(portal), values).status_code == 302
        browser.get(accept(portal))
    change(world)
    if step == "submit":
        response = browser.post(page(portal), values)
    else:
        response = browser.post(accept(portal), {"accept": terms.CURRENT.version})
    assert response.status_code == 422
    assert code in codes(response)
    html = response.content.decode()
    assert 'value="Kept while things change"' in html
    assert 'value="kept"' in html
    assert re.search(r'name="early_upgrade"[^>]* checked', html)
    # Corrected values go to the form's own page, whichever page showed it.
    assert f'action="{page(portal)}"' in html
    assert not Job.objects.filter(inputs__portal_id=str(portal.id)).exists()
    assert Draft.objects.get(portal=portal).values["name"] == ENTERED["name"]


def test_a_url_that_somebody_else_took_meanwhile_is_told(world: World, sign_in: SignIn) -> None:
    browser, portal = sign_in("system.admin"), world.portal()
    browser.post(page(portal), world.values(subdomain="wanted"))
    browser.get(accept(portal))
    other = Portal.objects.filter(phase="not-configured").exclude(pk=portal.pk)[0]
    Address.objects.create(subdomain="wanted", instance=world.sandbox, portal=other)
    response = browser.post(accept(portal), {"accept": terms.CURRENT.version})
    assert response.status_code == 422
    assert "url_taken" in codes(response)


def test_what_was_corrected_at_the_terms_is_what_is_submitted(world: World, sign_in: SignIn) -> None:
    browser, portal = sign_in("system.admin"), world.portal()
    browser.post(page(portal), world.values(**ENTERED))
    language_off(world)
    html = browser.get(accept(portal)).content.decode()
    found = re.search(r'<form method="post" id="configure" action="([^"]+)"', html)
    assert found
    response = browser.post(found[1], world.values(**{**ENTERED, "language": "1036"}))
    assert response["Location"] == accept(portal)
    browser.get(accept(portal))
    browser.post(accept(portal), {"accept": terms.CURRENT.version})
    portal.refresh_from_db()
    assert portal.language == 1036
    assert portal.name == ENTERED["name"]


def test_a_paid_subscription_shows_everywhere(world: World, sign_in: SignIn) -> None:
    portal = world.portal("trial")
    world.submit(portal)
    Portal.objects.filter(pk=portal.pk).update(phase="configured", packages="installed")
    browser = sign_in("global.admin")

    def shown() -> set[str]:
        """Type, in every place that tells it."""
        row = browser.get(f"/applications/?selected={portal.id}").content.decode()
        cells = re.search(rf'data-portal="{portal.id}".*?</tr>', row, re.DOTALL)
        pane = re.search(r'class="pane-kind">(\w+)<', row)
        facts = re.search(
            r"<dt>Type</dt><dd>(\w+)", browser.get(f"/portals/{portal.id}/details/").content.decode()
        )
        sent = browser.get("/applications/export.csv").streaming_content  # type: ignore[attr-defined]
        export = b"".join(sent).decode("utf-8-sig")
        line = next(line for line in csv.DictReader(io.StringIO(export)) if line["ID"] == str(portal.id))
        filtered = {kind for kind in ("trial", "production") if str(portal.id) in rows_of(kind)}
        assert cells
        assert pane
        assert facts
        in_row = {word for word in ("Trial", "Production") if f">{word}<" in cells[0]}
        return in_row | {pane[1], facts[1], line["Type"]} | {kind.title() for kind in filtered}

    def rows_of(kind: str) -> str:
        return str(browser.get(f"/applications/list/?type={kind}").content)

    assert shown() == {"Trial"}
    browser.post(f"/portals/{portal.id}/convert/")
    assert shown() == {"Production"}
    assert 'name="development_status"' in browser.get(f"/portals/{portal.id}/details/").content.decode()


def test_the_summary_leads_to_fields_that_are_shown(world: World, sign_in: SignIn) -> None:
    html = sign_in("global.admin").post(page(world.portal()), {"name": "Only a name"}).content.decode()
    targets = set(re.findall(r'class="alert-link" href="#([^"]+)"', html))
    assert targets == {"id_subdomain", "id_instance", "id_audience"}
    for target in targets:
        assert f'id="{target}"' in html
        assert f'aria-describedby="{target}-error' in html or f'{target}-error"' in html
