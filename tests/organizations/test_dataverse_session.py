"""How the connector behaves when the cloud does not do as asked. Microsoft's cloud is played here, and nothing else."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import httpx
import pytest
from django.conf import LazySettings
from jwcrypto import jwk, jwt

from accounts.roles import OrganizationRole
from jobs.errors import JobError
from organizations.dataverse import addresses, faults, http, queries
from organizations.dataverse.addresses import Forbidden, Origin
from organizations.dataverse.batches import Request
from organizations.dataverse.credentials import Credential, Unusable, read_certificate, valid_until
from organizations.dataverse.organization import DataverseOrganization
from organizations.dataverse.session import Access
from organizations.dataverse.tables import Definition, Lookup
from organizations.ports import Condition, Denied, NotFound, Query, Rejected, Throttled, Unavailable
from tests.organizations.certificates import pair

ORIGIN = Origin("https", "contoso.crm.dynamics.com", None, embedded=False)
LOGIN = Origin("https", "login.microsoftonline.com", None, embedded=False)
API = "https://contoso.crm.dynamics.com/api/data/v9.2/"
Handler = Callable[[httpx.Request], httpx.Response]


class Cloud:
    """Answers in turn, the last one for good; what was asked is kept."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.tokens: list[dict[str, list[str]]] = []
        self.token = httpx.Response(200, json={"access_token": "t", "expires_in": 3600})

    def organization(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def directory(self, request: httpx.Request) -> httpx.Response:
        self.tokens.append(parse_qs(request.content.decode()))
        return httpx.Response(self.token.status_code, headers=self.token.headers, content=self.token.content)


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr("organizations.dataverse.session.time.sleep", waited.append)
    return waited


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch, sleeps: list[float]) -> Callable[..., DataverseOrganization]:
    def make(cloud: Cloud, credential: Credential | None = None) -> DataverseOrganization:
        clients = {
            ORIGIN: httpx.Client(transport=httpx.MockTransport(cloud.organization), follow_redirects=False),
            LOGIN: httpx.Client(transport=httpx.MockTransport(cloud.directory)),
        }
        monkeypatch.setattr(http, "client", clients.__getitem__)
        # An application of its own for each test, so that no token of another one is found.
        return DataverseOrganization(
            uuid4(), Access(ORIGIN, "tenant", credential or Credential(uuid4(), secret="s"))
        )

    return make


def answer(status: int, content: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=content if content is not None else {}, headers=named)


ME = {"OrganizationId": str(UUID(int=1)), "UserId": str(UUID(int=2)), "BusinessUnitId": str(UUID(int=3))}


class TestTokens:
    def test_one_token_serves_many_requests(self, meet: Any) -> None:
        cloud = Cloud(answer(200, ME))
        organization = meet(cloud)
        organization.who_am_i()
        organization.who_am_i()
        assert len(cloud.tokens) == 1
        assert cloud.tokens[0]["scope"] == ["https://contoso.crm.dynamics.com/.default"]
        assert cloud.asked[0].headers["Authorization"] == "Bearer t"

    def test_one_that_ends_soon_is_not_used_again(self, meet: Any) -> None:
        cloud = Cloud(answer(200, ME))
        cloud.token = answer(200, {"access_token": "t", "expires_in": 60})
        organization = meet(cloud)
        organization.who_am_i()
        organization.who_am_i()
        assert len(cloud.tokens) == 2

    def test_one_that_is_refused_is_renewed_once(self, meet: Any) -> None:
        cloud = Cloud(answer(401), answer(200, ME))
        meet(cloud).who_am_i()
        assert len(cloud.tokens) == 2

    def test_a_second_refusal_is_told(self, meet: Any) -> None:
        cloud = Cloud(answer(401))
        with pytest.raises(Denied):
            meet(cloud).who_am_i()
        assert len(cloud.asked) == 2

    def test_the_directorys_no_is_told_in_its_words(self, meet: Any) -> None:
        cloud = Cloud(answer(200, ME))
        description = "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x\r\nTimestamp: y"
        cloud.token = answer(401, {"error": "invalid_client", "error_description": description})
        with pytest.raises(Denied) as refusal:
            meet(cloud).who_am_i()
        assert refusal.value.message.endswith("AADSTS7000215: Invalid client secret provided.")
        assert cloud.asked == []

    def test_a_certificate_signs_an_assertion(self, meet: Any) -> None:
        cloud = Cloud(answer(200, ME))
        client_id = uuid4()
        meet(cloud, Credential(client_id, pem=pair())).who_am_i()
        (form,) = cloud.tokens
        token = jwt.JWT(
            key=jwk.JWK.from_pem(pair().encode()), jwt=form["client_assertion"][0], algs=["PS256"]
        )
        claims = json.loads(token.claims)
        assert claims["iss"] == claims["sub"] == str(client_id)
        assert claims["aud"] == "https://login.microsoftonline.com/tenant/oauth2/v2.0/token"
        assert "x5t#S256" in json.loads(token.header)
        assert "client_secret" not in form

    @pytest.mark.parametrize(
        "content",
        [
            b"[" * 100_000,
            b'{"access_token":"t","expires_in":1' + b"0" * 400 + b"}",
            b'{"access_token":"t","expires_in":NaN}',
            b'{"access_token":"t","expires_in":1e999}',
            b'{"access_token":"\xc3\xa9","expires_in":3600}',
            b'{"access_token":"a\\r\\nX-Other: b","expires_in":3600}',
            b'{"access_token":"","expires_in":3600}',
            b'["access_token"]',
            b'"access_token"',
        ],
    )
    def test_what_is_no_token_is_not_taken_for_one(self, meet: Any, content: bytes) -> None:
        cloud = Cloud(answer(200, ME))
        cloud.token = httpx.Response(200, content=content)
        with pytest.raises(Unavailable):
            meet(cloud).who_am_i()
        assert cloud.asked == []

    def test_one_for_a_thousand_years_is_asked_for_again_in_a_day(
        self, meet: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cloud = Cloud(answer(200, ME))
        cloud.token = answer(200, {"access_token": "t", "expires_in": 10**11})
        organization = meet(cloud)
        organization.who_am_i()
        later = time.monotonic() + 86_400
        monkeypatch.setattr("organizations.dataverse.session.time.monotonic", lambda: later)
        organization.who_am_i()
        assert len(cloud.tokens) == 2


class TestBounds:
    """Whoever answers there must not fill our memory, nor keep whoever asks for ever."""

    def test_change_sets_within_change_sets(self, meet: Any) -> None:
        """Of which a megabyte holds more than Python calls within calls."""
        body = b""
        for number in range(3000, 0, -1):
            mark = str(number).encode()
            body = b"--%b\r\nContent-Type: multipart/mixed; boundary=%d\r\n\r\n%b" % (mark, number + 1, body)
        cloud = Cloud(
            httpx.Response(200, content=body, headers={"Content-Type": "multipart/mixed; boundary=1"})
        )
        with pytest.raises(Unavailable):
            meet(cloud)._session.batch([Request("GET", "accounts")])

    def test_pages_that_lead_to_themselves(self, meet: Any) -> None:
        page = {"value": [], "@odata.nextLink": f"{API}roles?$skiptoken=1"}
        with pytest.raises(Unavailable, match="no end"):
            meet(Cloud(answer(200, page))).roles_of(uuid4())

    def test_an_answer_without_measure(self, meet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http, "MAX_ANSWER", 1000)
        with pytest.raises(Unavailable, match="larger"):
            meet(Cloud(answer(200, {**ME, "more": "x" * 1000}))).who_am_i()

    def test_an_answer_that_trickles_in(self, meet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        organization = meet(Cloud(answer(200, ME)))
        organization.who_am_i()  # from here on there is a token
        monkeypatch.setattr(http, "WHOLE", -1.0)
        with pytest.raises(Unavailable, match="too long"):
            organization.who_am_i()

    @pytest.mark.parametrize(
        "address", ["64:ff9b::a00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::1", "::ffff:10.0.0.1"]
    )
    def test_a_private_address_in_the_clothes_of_another(self, address: str) -> None:
        with pytest.raises(Forbidden):
            addresses.public("x.example", 443, private_too=False, resolver=lambda host, port: [address])


class TestPatience:
    @pytest.mark.parametrize(
        ("asked", "seconds"),
        [
            ("7", 7.0),
            ("0.5", 0.5),
            ("99999999999999999999", 3600.0),
            ("-5", None),
            ("soon", None),
            ("", None),
            ("nan", None),
            ("٧", None),
            ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
            ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
            ("Sat, 21 Nov 2099 11:00:00 GMT", 3600.0),
            ("Sat, 99 Nov 2026 11:00:00 GMT", None),
        ],
    )
    def test_how_long_we_are_asked_to_wait(self, asked: str, seconds: float | None) -> None:
        now = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
        assert faults.retry_after({"retry-after": asked}, None, now=now) == seconds

    def test_a_short_wait_is_waited_for(self, meet: Any, sleeps: list[float]) -> None:
        cloud = Cloud(answer(429, Retry_After="1"), answer(200, ME))
        assert meet(cloud).who_am_i().user_id == UUID(int=2)
        assert sleeps == [1.0]

    def test_requests_may_have_an_end_together(self, meet: Any) -> None:
        cloud = Cloud(answer(200, ME))
        organization = meet(cloud)
        with http.within(30):
            organization.who_am_i()
        assert max(cloud.asked[0].extensions["timeout"].values()) <= 30
        with http.within(0), pytest.raises(Unavailable):
            organization.who_am_i()
        assert len(cloud.asked) == 1

    def test_a_long_one_is_left_to_the_job(self, meet: Any, sleeps: list[float]) -> None:
        cloud = Cloud(answer(429, Retry_After="37"))
        with pytest.raises(Throttled) as throttled:
            meet(cloud).who_am_i()
        assert (throttled.value.retry_after, sleeps) == (37.0, [])

    def test_waiting_has_an_end(self, meet: Any, sleeps: list[float]) -> None:
        cloud = Cloud(answer(429, Retry_After="2"))
        with pytest.raises(Throttled):
            meet(cloud).who_am_i()
        assert sleeps == [2.0, 2.0]

    def test_reading_is_tried_again_on_a_connection_that_was_closed(self, meet: Any) -> None:
        cloud = Cloud(httpx.RemoteProtocolError("closed"), answer(200, ME))
        meet(cloud).who_am_i()
        assert len(cloud.asked) == 2

    def test_writing_is_not(self, meet: Any) -> None:
        cloud = Cloud(httpx.RemoteProtocolError("closed"))
        organization = meet(cloud)
        with pytest.raises(Unavailable):
            organization._session.post("PublishAllXml", {})
        assert len(cloud.asked) == 1

    @pytest.mark.parametrize(
        "error", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.ConnectTimeout("slow")]
    )
    def test_silence_is_unavailable(self, meet: Any, error: Exception) -> None:
        with pytest.raises(Unavailable):
            meet(Cloud(error)).who_am_i()


class TestAnswers:
    @pytest.mark.parametrize(
        ("status", "code", "expected"),
        [
            (400, "0x80060888", Rejected),
            (403, "0x80040220", Denied),
            (404, "0x80040217", NotFound),
            (408, "", Unavailable),
            (412, "0x80060882", Rejected),
            (413, "", Rejected),
            (500, "0x80040216", Unavailable),
            (502, "", Unavailable),
            (503, "", Unavailable),
            (302, "", Unavailable),
        ],
    )
    def test_errors_are_the_ports(self, meet: Any, status: int, code: str, expected: type[JobError]) -> None:
        cloud = Cloud(
            answer(status, {"error": {"code": code, "message": "Because."}}, Location="https://evil.example/")
        )
        with pytest.raises(expected):
            meet(cloud).who_am_i()
        assert len(cloud.asked) == 1

    def test_503_tells_when_to_come_back(self, meet: Any) -> None:
        with pytest.raises(Unavailable) as error:
            meet(Cloud(answer(503, Retry_After="90"))).who_am_i()
        assert error.value.retry_after == 90

    @pytest.mark.parametrize("content", [b"<html>", b"[]", b"", b"\xff"])
    def test_nonsense_is_no_answer(self, meet: Any, content: bytes) -> None:
        cloud = Cloud(httpx.Response(200, content=content))
        with pytest.raises(Unavailable):
            meet(cloud).provisioned_languages()

    def test_pages_are_followed(self, meet: Any) -> None:
        row = {"uniquename": "a", "friendlyname": "A", "version": "1.0.0.0"}
        first = answer(200, {"value": [row], "@odata.nextLink": f"{API}solutions?$skiptoken=2"})
        cloud = Cloud(first, answer(200, {"value": [{**row, "uniquename": "b"}]}))
        assert [solution.unique_name for solution in meet(cloud).solutions()] == ["a", "b"]
        assert cloud.asked[0].headers["Prefer"].startswith("odata.maxpagesize=")

    @pytest.mark.parametrize("rest", ["contacts\x00", "contacts\n", "a" * 70_000])
    def test_a_page_at_no_address_is_not_followed(self, meet: Any, rest: str) -> None:
        page = answer(200, {"value": [], "@odata.nextLink": API + rest})
        with pytest.raises(Unavailable):
            meet(Cloud(page)).solutions()

    def test_a_page_elsewhere_is_not_followed(self, meet: Any) -> None:
        cloud = Cloud(
            answer(200, {"value": [], "@odata.nextLink": "https://evil.example/api/data/v9.2/solutions"})
        )
        with pytest.raises(Unavailable, match="another address"):
            meet(cloud).solutions()
        assert len(cloud.asked) == 1

    def test_a_message_is_one_short_line(self) -> None:
        body = json.dumps({"error": {"code": "x", "message": "a\n" * 2000}}).encode()
        error = faults.of_answer(400, {}, body)
        assert "\n" not in error.message
        assert len(error.message) <= faults.MAX_MESSAGE

    def test_a_failed_import_names_the_solutions_that_are_missing(self) -> None:
        message = (
            'Some dependencies are missing. <MissingDependencies><MissingDependency><Required type="1" '
            'displayName="Work Order" solution="FieldService (8.0.0.0)" /><Dependent /></MissingDependency>'
        )
        code, said = faults.of_import(message, -2147188707)
        assert code == "missing_dependency"
        assert said == "Solutions are missing that this one needs: FieldService (8.0.0.0)."


_ASKED: dict[str, Callable[[DataverseOrganization], object]] = {
    "who_am_i": lambda organization: organization.who_am_i(),
    "provisioned_languages": lambda organization: organization.provisioned_languages(),
    "available_languages": lambda organization: organization.available_languages(),
    "base_language": lambda organization: organization.base_language(),
    "default_language": lambda organization: organization.default_language(),
    "users_with_role": lambda organization: organization.users_with_role(
        OrganizationRole.SYSTEM_ADMINISTRATOR
    ),
    "roles_of": lambda organization: organization.roles_of(UUID(int=7)),
    "solutions": lambda organization: organization.solutions(),
    "labels": lambda organization: organization.labels("contact", 1033),
    "get": lambda organization: organization.get("contact", UUID(int=7)),
    "query": lambda organization: organization.query(Query("contact")),
    "create": lambda organization: organization.create("contact", {}),
}
_SAID = (
    "OrganizationId UserId RetrieveProvisionedLanguages LocaleIds languagecode uilanguageid roleid systemuserid "
    "_roletemplateid_value azureactivedirectoryobjectid uniquename friendlyname version DisplayName LogicalName "
    "EntitySetName PrimaryIdAttribute Attributes ManyToOneRelationships contactid teamid"
).split()


@pytest.mark.parametrize("value", [None, 5, "x", [], [5], {}, {"LocalizedLabels": 5}, True, 10**400, [[]]])
@pytest.mark.parametrize("name", _ASKED)
def test_answers_of_another_shape_are_errors_of_the_port(meet: Any, name: str, value: Any) -> None:
    """Whatever an organization says, a page tells that it makes no sense, and no job dies of a mistake of ours."""
    row = dict.fromkeys(_SAID, value)
    for content in ({**row, "value": [row]}, {**row, "value": [value]}, {**row, "value": value}):
        organization = meet(Cloud(httpx.Response(200, content=json.dumps(content).encode())))
        with contextlib.suppress(JobError):
            _ASKED[name](organization)


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        [
            "http://contoso.crm.dynamics.com",
            "https://",
            "https://10.0.0.1",
            "https://[::1]",
            "https://127.1",
            "https://0x7f000001",
            "https://2130706433",
            "https://localhost",
            "https://intranet",
            "https://a@contoso.crm.dynamics.com",
            "https://contoso.crm.dynamics.com/x",
            "https://contoso.crm.dynamics.com?x",
            "https://contoso.crm.dynamics.com#x",
            "https://contoso.crm.dynamics.com:x",
            "ftp://contoso.crm.dynamics.com",
            "file:///etc/passwd",
            "nonsense",
            "",
        ],
    )
    def test_refused(self, url: str) -> None:
        with pytest.raises(Forbidden):
            addresses.origin(url, base_domain="crm.localhost")

    @pytest.mark.parametrize(
        ("url", "kept", "embedded"),
        [
            ("https://Contoso.crm.dynamics.com/", "https://contoso.crm.dynamics.com", False),
            ("https://contoso.crm.dynamics.com:8443", "https://contoso.crm.dynamics.com:8443", False),
            ("http://contoso.crm.localhost:8000", "http://contoso.crm.localhost:8000", True),
            (" https://contoso.crm.localhost ", "https://contoso.crm.localhost", True),
        ],
    )
    def test_taken(self, url: str, kept: str, embedded: bool) -> None:
        found = addresses.origin(url, base_domain="crm.localhost")
        assert (found.url, found.embedded) == (kept, embedded)

    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",  # noqa: S104
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "fe80::1%eth0",
            "fd00::1",
            "::ffff:127.0.0.1",
        ],
    )
    def test_names_that_lead_inside_are_not_followed(self, address: str) -> None:
        found = ["20.1.2.3", address]
        with pytest.raises(Forbidden):
            addresses.public("a.example", 443, private_too=False, resolver=lambda host, port: found)
        assert (
            addresses.public("a.example", 443, private_too=True, resolver=lambda host, port: found)
            == "20.1.2.3"
        )

    def test_every_connection_is_looked_at(
        self, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reached: list[httpx.Request] = []

        def inside(request: httpx.Request) -> httpx.Response:
            reached.append(request)
            return httpx.Response(200)

        client = httpx.Client(transport=http.PublicOnly(httpx.MockTransport(inside)))
        settings.DATAVERSE_PRIVATE_ADDRESSES = False
        monkeypatch.setattr(addresses, "resolve", lambda host, port: ["127.0.0.1"])
        monkeypatch.setattr(
            addresses.public, "__kwdefaults__", {"resolver": lambda host, port: ["127.0.0.1"]}
        )
        with pytest.raises(httpx.UnsupportedProtocol):
            client.get("https://a.example/")
        assert reached == []
        monkeypatch.setattr(addresses, "resolve", lambda host, port: ["20.1.2.3"])
        client.get("https://a.example/")
        assert reached[0].url.host == "20.1.2.3"
        assert reached[0].headers["Host"] == "a.example"
        assert reached[0].extensions["sni_hostname"] == "a.example"


class TestCertificates:
    def test_a_pem_file(self) -> None:
        assert valid_until(read_certificate(pair().encode(), ""))

    @pytest.mark.parametrize(
        "data", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"]
    )
    def test_what_is_none(self, data: bytes) -> None:
        with pytest.raises(Unusable):
            read_certificate(data, "")

    def test_secrets_stay_out_of_texts(self) -> None:
        credential = Credential(uuid4(), secret="hush")
        assert "hush" not in repr(credential)
        assert "hush" not in repr(Access(ORIGIN, "tenant", credential))


TABLE = Definition(
    "account",
    "accounts",
    "accountid",
    {
        "accountid": "Uniqueidentifier",
        "name": "String",
        "n": "Integer",
        "at": "DateTime",
        "parent": "Lookup",
        "on": "Boolean",
    },
    {"parent": (Lookup("parent", "account"),)},
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition("name", "eq", "it's"), "name eq 'it''s'"),
        (Condition("name", "ne", "a"), "(name ne 'a' or name eq null)"),
        (Condition("name", "ne", None), "name ne null"),
        (Condition("name", "eq", 5), "accountid eq null"),
        (Condition("n", "gt", 3), "n gt 3"),
        (Condition("n", "gt", None), "accountid eq null"),
        (Condition("on", "eq", True), "on eq true"),
        (Condition("at", "ge", "2026-01-31T08:00:00Z"), "at ge 2026-01-31T08:00:00Z"),
        (Condition("parent", "eq", UUID(int=1)), f"_parent_value eq {UUID(int=1)}"),
        (Condition("id", "in", [UUID(int=1), None]), f"(accountid eq {UUID(int=1)} or accountid eq null)"),
        (Condition("n", "in", []), "accountid eq null"),
        (Condition("name", "contains", "x"), "contains(name,'x')"),
        (Condition("n", "contains", "x"), "accountid eq null"),
    ],
)
def test_conditions_as_filters(condition: Condition, expected: str) -> None:
    (options,) = queries.options(Query("account", [condition]), TABLE)
    if condition.attribute == "id":  # asking for no id asks for nothing
        expected = f"(accountid eq {UUID(int=1)})"
    assert options["$filter"] == expected


def test_a_long_list_is_asked_for_in_parts() -> None:
    ids = [str(UUID(int=n)) for n in range(queries.CHUNK * 2 + 1)]
    assert len(queries.options(Query("account", [Condition("id", "in", ids)]), TABLE)) == 3
    with pytest.raises(Rejected):
        queries.options(Query("account", [Condition("id", "in", ids)], order=["name"]), TABLE)


class TestTheRealClient:
    """Not the clients that the tests above play with."""

    @pytest.fixture
    def transports(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
        """How each was made; it sends whoever asks to somebody else."""
        made: list[dict[str, Any]] = []

        def transport(**options: Any) -> httpx.MockTransport:
            asked: list[httpx.Request] = []
            made.append({**options, "asked": asked})

            def elsewhere(request: httpx.Request) -> httpx.Response:
                asked.append(request)
                return httpx.Response(302, headers={"Location": "https://evil.example.com/"})

            return httpx.MockTransport(elsewhere)

        monkeypatch.setattr(httpx, "HTTPTransport", transport)
        monkeypatch.setattr(addresses, "resolve", lambda host, port: ["20.1.2.3"])
        return made

    def test_nobody_leads_it_elsewhere_with_a_token(self, transports: list[dict[str, Any]]) -> None:
        client = http.client.__wrapped__(ORIGIN)
        answered = http.ask(client, "GET", f"{API}WhoAmI", headers={"Authorization": "Bearer t"})
        assert answered.status == 302
        (made,) = transports
        assert [request.url.host for request in made["asked"]] == ["20.1.2.3"]

    def test_certificates_are_looked_at_for_the_organizations_name(
        self, transports: list[dict[str, Any]]
    ) -> None:
        http.ask(http.client.__wrapped__(ORIGIN), "GET", f"{API}WhoAmI")
        (made,) = transports
        assert made.get("verify", True) is True
        assert made["asked"][0].extensions["sni_hostname"] == ORIGIN.host
