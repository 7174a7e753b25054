"""Where organizations answer: one address that is written in several ways, and what answers at it."""

from __future__ import annotations

from copy import copy

from accounts.words import N_, Refusal
from organizations.connect import connect
from organizations.dataverse import http
from organizations.dataverse.addresses import Forbidden
from organizations.models import Instance
from organizations.ports import NotFound, Organization

LONGEST = 300  # characters, as the column has it
_PORTS = {"https": 443, "http": 80}


class AddressRefused(Refusal):
    """This is no address of an organization; `code` is the reason's short name."""

    def __init__(self, code: str, template: str, **values: object) -> None:
        super().__init__(template, **values)
        self.code = code


def canonical(typed: str) -> str:
    """An address as it is kept, without a slash at the end: "https://contoso.crm.dynamics.com".

    Raises AddressRefused.
    """
    text = typed.strip()
    if not text:
        raise AddressRefused("address_missing", N_("Enter the URL of the Dynamics 365 organization."))
    if len(text) > LONGEST:
        raise AddressRefused(
            "address_too_long", N_("A URL has at most %(most)s characters here."), most=LONGEST
        )
    try:
        found = http.of_url(text)
        if not found.host.isascii() or any(
            not label or len(label) > 63 or not set(label) <= _LETTERS for label in found.host.split(".")
        ):
            raise Forbidden(N_("This is not the address of an organization."))
    except Forbidden as error:
        raise AddressRefused("address_refused", str(error)) from None
    port = "" if found.port in (None, _PORTS[found.scheme]) else f":{found.port}"
    return f"{found.scheme}://{found.host}{port}"


_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def same(one: str, other: str) -> bool:
    """Whether two addresses lead to the same place. Never raises: what is no address is only the same as itself."""
    if one == other:
        return True
    try:
        return canonical(one) == canonical(other)
    except AddressRefused:
        return False


def embedded_at(url: str) -> Instance | None:
    """The embedded organization that answers at the address."""
    host = canonical(url).partition("://")[2].partition(":")[0]
    rows = Instance.objects.filter(kind=Instance.Kind.EMBEDDED, url__icontains=host).order_by("name")
    return next((row for row in rows if same(row.url, url)), None)


def connect_at(instance: Instance, url: str) -> Organization:
    """Whatever organization answers at that address, asked as the instance's is asked: it may be another one, so look
    at `who_am_i` first. Raises NotFound when none of ours is there, and what `connect` raises.
    """
    if instance.kind == Instance.Kind.EMBEDDED:
        there = embedded_at(url)
        if there is None:
            raise NotFound(f"No organization answers at {url}.", code="no_organization")
        return connect(there)
    moved = copy(instance)
    moved.url = url
    return connect(moved)
