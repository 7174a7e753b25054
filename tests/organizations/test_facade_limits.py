"""What one request to the Web API may cost: how long its addresses are, how much is answered, how long it takes."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from organizations.adapters.embedded import conditions
from organizations.facade import entitysets, service
from organizations.facade.odata import options, paths
from organizations.models import Instance, Record
from tests.organizations.facade import Api, add_client, fault

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(instance: Instance) -> Api:
    return Api(instance, add_client(instance))


def batch(api: Api, *requests: str, prefer: str = "") -> HttpResponse:
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    text = "".join(f"--b\r\n{head}{request} HTTP/1.1\r\n\r\n\r\n" for request in requests) + "--b--\r\n"
    return api.send(
        "POST", "$batch", text.encode(), content_type="multipart/mixed; boundary=b", Prefer=prefer
    )


class TestBatches:
    @pytest.mark.parametrize("address", ["http://[::1/accounts", "//[/accounts", "/api/data/v9.2//[x"])
    def test_an_address_that_is_none_is_the_senders_mistake(self, api: Api, address: str) -> None:
        assert batch(api, f"GET {address}").status_code in (200, 400)

    @pytest.mark.parametrize("what", ["accounts({})", "accounts?$expand={}", "accounts?$filter={}"])
    def test_an_endless_address_is_refused_before_it_is_read(self, api: Api, what: str) -> None:
        assert fault(batch(api, "GET " + what.format("a" * 3_000_000))) == (400, "0x80060888")

    def test_answers_have_an_end(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        """A thousand requests for whole tables would fill our memory."""
        monkeypatch.setattr(service, "MAX_ANSWER", 20_000)
        Record.objects.bulk_create(_contacts(api.instance, 40))
        text = batch(api, *["GET contacts"] * 9, prefer="odata.continue-on-error").content.decode()
        assert text.count("HTTP/1.1 200 OK") in (1, 2)
        assert text.count("are larger than") == 9 - text.count("HTTP/1.1 200 OK")

    def test_changes_that_nobody_would_hear_of_are_not_made(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "MAX_ANSWER", 10)
        batch(api, "GET WhoAmI", "POST accounts", prefer="odata.continue-on-error")
        assert not Record.objects.exists()


def _contacts(instance: Instance, count: int, **attributes: Any) -> list[Record]:
    return [
        Record(
            instance=instance,
            entity="contact",
            record_id=uuid4(),
            version=1,
            attributes={"fullname": f"Contact {number:05}", **attributes},
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("text", ["(" * 300_000, "a" * 300_000, "'" * 300_000, "a/" * 150_000])
def test_long_texts_are_cut_apart_in_time_that_grows_with_their_length(text: str) -> None:
    began = time.process_time()
    paths.split(text)
    options.outside(text, ",")
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a/b", ["a", "b"]),
        ("a('x/y')/b", ["a('x/y')", "b"]),
        ("a(b/c)/d/", ["a(b/c)", "d", ""]),
        ("", [""]),
        ("a)/b", ["a)", "b"]),
    ],
)
def test_addresses_are_cut_outside_of_quotation_marks_and_parentheses(text: str, parts: list[str]) -> None:
    assert paths.split(text) == parts


class TestExpansions:
    def test_what_does_not_fit_is_led_to(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        """Records that lie behind more than fit into one answer are never left out in silence."""
        monkeypatch.setattr(entitysets, "MAX_EXPANDED_ROWS", 5)
        keys = [api.create("accounts", {"name": name}) for name in "ab"]
        for key in keys:
            Record.objects.bulk_create(_contacts(api.instance, 4, parentcustomerid=key))
        inner = "$select=fullname;$filter=contains(fullname,'Contact');$orderby=fullname desc"
        rows = api.rows("accounts", {"$orderby": "name", "$expand": f"contact_customer_accounts({inner})"})
        found = [self.all_of(api, row) for row in rows]
        assert [[one["fullname"][-1] for one in names] for names in found] == [["3", "2", "1", "0"]] * 2
        assert {name for one in found[0] for name in one} == {"@odata.etag", "contactid", "fullname"}

    @staticmethod
    def all_of(api: Api, row: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = row["contact_customer_accounts"]
        link = row.get("contact_customer_accounts@odata.nextLink")
        if link:
            parts = urlsplit(link)
            found += json.loads(api.send("GET", f"{parts.path}?{parts.query}").content)["value"]
        return found

    def test_what_fits_comes_whole(self, api: Api) -> None:
        key = api.create("accounts", {"name": "a"})
        Record.objects.bulk_create(_contacts(api.instance, 4, parentcustomerid=key))
        (row,) = api.rows("accounts", {"$expand": "contact_customer_accounts($top=3)"})
        assert len(row["contact_customer_accounts"]) == 3
        assert "contact_customer_accounts@odata.nextLink" not in row


def test_no_more_is_counted_than_is_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    Record.objects.bulk_create(_contacts(api.instance, 12))
    monkeypatch.setattr("organizations.facade.records.MAX_COUNT", 10)
    with CaptureQueriesContext(connection) as queries:
        answer = json.loads(api.get("contacts", {"$count": "true", "$top": "1"}).content)
    assert answer["@odata.count"] == 10
    assert any("COUNT(" in query["sql"] and "LIMIT 10" in query["sql"] for query in queries)


def test_a_question_that_takes_too_long_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a filter is written, it keeps neither the database nor one of our threads."""
    monkeypatch.setattr(service, "LONGEST", 0.01)
    Record.objects.bulk_create(_contacts(api.instance, 500))
    slow = " or ".join(f"contains(fullname,'{number}x')" for number in range(300))
    assert fault(api.get("contacts", {"$filter": slow})) == (400, "0x80044151")


@pytest.mark.parametrize("few", [10, 1000])
def test_a_long_list_means_what_a_short_one_means(
    api: Api, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(conditions, "FEW", few)
    Record.objects.bulk_create(_contacts(api.instance, 150, jobtitle="a"))
    api.create("contacts", {"fullname": "Nobody"})
    names = [f"Contact {number:05}" for number in range(5, 148)]
    quoted = ",".join(f"'{name}'" for name in [*names, "it''s nobody"])
    found = api.rows("contacts", {"$filter": f"fullname in ({quoted})", "$orderby": "fullname"})
    assert [row["fullname"] for row in found] == names
    others = api.rows("contacts", {"$filter": f"not fullname in ({quoted})"})
    assert len(others) == 151 - len(names)
    nothing = api.rows("contacts", {"$filter": f"jobtitle in ({quoted},null)"})
    assert [row["fullname"] for row in nothing] == ["Nobody"]
