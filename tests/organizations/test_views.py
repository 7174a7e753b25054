from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import OrganizationRole
from jobs import registry, runner, services
from jobs.models import Job
from organizations import administration, installations
from organizations.connect import connect
from organizations.models import Instance, Solution, SolutionInstall
from organizations.packages import catalog
from tests.jobs import toys
from tests.organizations.world import make_instance, make_user

ADMINISTRATOR, CUSTOMIZER = OrganizationRole.SYSTEM_ADMINISTRATOR, OrganizationRole.SYSTEM_CUSTOMIZER
BASE, PORTAL = "PortalBase", "CustomerSelfServicePortal"


@pytest.fixture
def administrator(instance: Instance) -> User:
    return make_user(instance, ADMINISTRATOR, name="Ann Beebe")


@pytest.fixture
def customizer(instance: Instance) -> User:
    return make_user(instance, CUSTOMIZER, name="Carl Dent")


def browse(user: User | None = None) -> Client:
    """A browser on the admin host, signed in as that person."""
    client = Client(headers={"host": "localhost"}, SERVER_NAME="localhost")
    if user is not None:
        client.force_login(user)
    return client


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def states(html: str) -> dict[str, str]:
    return dict(re.findall(r'data-solution="([^"]+)" data-solution-state="([^"]+)"', html))


def solutions_path(instance: Instance) -> str:
    return f"/instances/{instance.id}/solutions/"


def request(instance: Instance, *names: str, job_id: UUID | None = None) -> UUID:
    job_id = job_id or uuid4()
    installations.request(instance_id=instance.id, unique_names=names, job_id=job_id, requested_by_id=None)
    return job_id


class TestWhoMaySee:
    def test_strangers_must_sign_in(self, instance: Instance) -> None:
        response = browse().get("/instances/")
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")

    def test_a_global_administrator_sees_all(self, instance: Instance, global_admin: User) -> None:
        make_instance("Northwind")
        html = page(browse(global_admin), "/instances/")
        assert "Fabrikam" in html
        assert "Northwind" in html

    @pytest.mark.parametrize("who", ["administrator", "customizer"])
    def test_others_see_the_instances_of_their_roles(
        self, instance: Instance, who: str, request: pytest.FixtureRequest
    ) -> None:
        make_instance("Northwind")
        html = page(browse(request.getfixturevalue(who)), "/instances/")
        assert "Fabrikam" in html
        assert "Northwind" not in html

    def test_nobody_sees_an_explanation(self, instance: Instance, nobody: User) -> None:
        html = page(browse(nobody), "/instances/")
        assert "There are no instances that you may see." in html
        assert "Fabrikam" not in html

    @pytest.mark.parametrize("rest", ["", "solutions/", "solutions/table/"])
    def test_pages_of_other_instances_are_refused(
        self, instance: Instance, administrator: User, rest: str
    ) -> None:
        other = make_instance("Northwind")
        assert browse(administrator).get(f"/instances/{other.id}/{rest}").status_code == 403

    def test_an_unknown_instance_is_not_found(self, global_admin: User) -> None:
        assert browse(global_admin).get(f"/instances/{uuid4()}/").status_code == 404


class TestInstance:
    def test_languages_are_named(self, instance: Instance, administrator: User) -> None:
        html = page(browse(administrator), f"/instances/{instance.id}/")
        assert "German (Germany)" in html
        assert '<span lang="de-DE" dir="ltr">Deutsch (Deutschland)</span>' in html
        assert "French (France)" not in html

    def test_it_says_why_the_organization_shuts_us_out(self, instance: Instance, administrator: User) -> None:
        administration.disable_application_user(instance_id=instance.id)
        html = page(browse(administrator), f"/instances/{instance.id}/")
        assert 'data-error-code="organization_denied"' in html
        assert "is disabled in Fabrikam." in html

    @pytest.mark.parametrize(("shut", "opened"), [("administration-mode", "ready"), ("shut-out", "let-in")])
    def test_an_administrator_shuts_and_opens_it(
        self, instance: Instance, administrator: User, shut: str, opened: str
    ) -> None:
        client, path = browse(administrator), f"/instances/{instance.id}/"
        client.post(f"{path}access/", {"action": shut})
        assert "data-error-code" in page(client, path)
        client.post(f"{path}access/", {"action": opened})
        assert "data-error-code" not in page(client, path)

    def test_a_customizer_may_not(self, instance: Instance, customizer: User) -> None:
        response = browse(customizer).post(f"/instances/{instance.id}/access/", {"action": "shut-out"})
        assert response.status_code == 403
        assert connect(instance).who_am_i()


class TestSolutions:
    def test_what_ships_and_what_is_there_is_listed(self, instance: Instance, administrator: User) -> None:
        Solution.objects.create(
            instance=instance, unique_name="Sales", friendly_name="Sales", version="9.0.0.1", layer=1
        )
        shipped = dict.fromkeys(catalog.friendly_names(), "not-installed")
        shown = states(page(browse(administrator), solutions_path(instance)))
        assert shown == {**shipped, "Sales": "installed"}

    def test_an_installed_solution(self, instance: Instance, administrator: User) -> None:
        connect(instance).import_solution(catalog.load(BASE), operation_id=uuid4())
        assert states(page(browse(administrator), solutions_path(instance)))[BASE] == "installed"

    def test_an_older_version_can_be_upgraded(self, instance: Instance, administrator: User) -> None:
        Solution.objects.create(
            instance=instance, unique_name=BASE, friendly_name="Portal Base", version="8.0.0.0", layer=1
        )
        assert states(page(browse(administrator), solutions_path(instance)))[BASE] == "upgrade-available"

    def test_a_failure_says_why(self, instance: Instance, administrator: User) -> None:
        installations.job_failed(job_id=request(instance, BASE), reason="It <rains>.", error_id="0A1B2C3D")
        html = page(browse(administrator), solutions_path(instance))
        assert states(html)[BASE] == "install-failed"
        assert "It &lt;rains&gt;." in html
        assert "<code>0A1B2C3D</code>" in html
        assert f"solutions/retry/?solution={BASE}" in html

    def test_a_customizer_sees_no_button(self, instance: Instance, customizer: User) -> None:
        installations.job_failed(job_id=request(instance, BASE), reason="It rains.")
        assert "solutions/retry/" not in page(browse(customizer), solutions_path(instance))

    def test_a_silent_organization_leaves_what_we_know(self, instance: Instance, administrator: User) -> None:
        installations.installed(instance_id=instance.id, unique_name=BASE, version="9.0.1.0")
        administration.set_administration_mode(instance_id=instance.id, on=True)
        html = page(browse(administrator), solutions_path(instance))
        assert "Fabrikam is in administration mode" in html
        assert states(html)[BASE] == "installed"

    def test_a_settled_page_does_not_ask_again(self, instance: Instance, administrator: User) -> None:
        assert "hx-get" not in page(browse(administrator), solutions_path(instance))


class TestPolling:
    def seen(self, html: str) -> str:
        found = re.search(r'hx-get="([^"]+)"', html)
        assert found is not None
        return found[1]

    def test_an_active_page_asks_again_and_shows_no_button(
        self, instance: Instance, administrator: User
    ) -> None:
        installations.job_failed(job_id=request(instance, PORTAL), reason="It rains.")
        request(instance, BASE)
        html = page(browse(administrator), solutions_path(instance))
        assert 'hx-trigger="every 1s"' in html
        assert "solution-action" in html
        assert "<form" not in html.partition('id="solutions"')[2].partition("</table>")[0]
        assert "solutions/retry/" not in html

    def test_nothing_new_is_no_content(self, instance: Instance, administrator: User) -> None:
        request(instance, BASE)
        client = browse(administrator)
        path = self.seen(page(client, solutions_path(instance)))
        assert client.get(path).status_code == 204

    def test_a_change_is_shown_and_told(self, instance: Instance, administrator: User) -> None:
        job_id, client = request(instance, BASE), browse(administrator)
        path = self.seen(page(client, solutions_path(instance)))
        installations.installing(instance_id=instance.id, unique_name=BASE, version="9.0.1.0", job_id=job_id)
        html = page(client, path)
        assert states(html)[BASE] == "installing"
        assert "Portal Base: Installing." in html
        assert "<html" not in html

    def test_what_has_settled_asks_no_more(self, instance: Instance, administrator: User) -> None:
        job_id, client = request(instance, BASE), browse(administrator)
        path = self.seen(page(client, solutions_path(instance)))
        installations.job_failed(job_id=job_id, reason="It rains.")
        html = page(client, path)
        assert "hx-get" not in html
        assert "solutions/retry/" in html

    def test_an_unchanged_poll_is_cheap(
        self,
        instance: Instance,
        administrator: User,
        django_assert_max_num_queries: Callable[[int], Any],
    ) -> None:
        request(instance, BASE)
        client = browse(administrator)
        path = self.seen(page(client, solutions_path(instance)))
        # Session, person, directory roles, roles in organizations, the instance; and one for the state.
        with django_assert_max_num_queries(7):
            client.get(path)


class TestRetry:
    @pytest.fixture(autouse=True)
    def _toys(self) -> Iterator[None]:
        toys.register()
        yield
        registry.unregister(toys.KIND, 1)

    @pytest.fixture
    def failed_job(self, instance: Instance, tmp_path: Path) -> Job:
        inputs = {"steps": ["refuse:permanent"], "world": str(tmp_path)}
        job = services.enqueue(kind=toys.KIND, inputs=inputs)
        request(instance, BASE, job_id=job.id)
        runner.run(job.id)
        installations.job_failed(job_id=job.id, reason="Never.")
        return job

    def test_an_administrator_retries(self, instance: Instance, administrator: User, failed_job: Job) -> None:
        response = browse(administrator).post(solutions_path(instance), {"retry": BASE})
        assert (response.status_code, response["Location"]) == (302, solutions_path(instance))
        assert failed_job.restarts.get().requested_by == administrator
        assert SolutionInstall.objects.get().state == "pending"

    def test_a_customizer_may_not(self, instance: Instance, customizer: User, failed_job: Job) -> None:
        assert browse(customizer).post(solutions_path(instance), {"retry": BASE}).status_code == 403
        assert not failed_job.restarts.exists()

    @pytest.mark.parametrize("name", [BASE, PORTAL, "Nothing", ""])
    def test_a_late_or_wrong_click_is_answered_with_a_word(
        self, instance: Instance, administrator: User, name: str
    ) -> None:
        response = browse(administrator).post(solutions_path(instance), {"retry": name}, follow=True)
        assert "There is no failed installation of this solution any more." in response.content.decode()


@pytest.mark.parametrize(("path", "queries"), [("", 6), ("{id}/", 8), ("{id}/solutions/", 10)])
def test_pages_cost_the_same_however_much_there_is(
    instance: Instance,
    administrator: User,
    path: str,
    queries: int,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for number in range(5):
        make_instance(f"Other {number}")
        Solution.objects.create(
            instance=instance,
            unique_name=f"App{number}",
            friendly_name="App",
            version="1.0.0.0",
            layer=number,
        )
    client = browse(administrator)
    with django_assert_max_num_queries(queries):
        page(client, f"/instances/{path.format(id=instance.id)}")
