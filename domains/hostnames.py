"""Rules for the host name of a custom domain, and which certificates speak for it. Pure.

Names are kept as registries write them: A-labels in lower case (IDNA 2008 with the mapping of UTS 46), no final dot.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable

import idna

from accounts.words import N_, Refusal

LONGEST = 253  # characters (RFC 1035, 2.3.4)
# Names that no public registry will ever hold: RFC 2606, 6761, 6762, 7686, 9476, and the tree of addresses.
# Not `.internal`, which is set aside for networks of one's own.
RESERVED = frozenset("test example invalid localhost local onion alt arpa".split())
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE | re.ASCII)
_PORT = re.compile(r":\d*$", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)

SENTENCES = {
    "hostname_missing": N_("Enter the domain name, such as support.contoso.com."),
    "hostname_scheme": N_("Enter the domain name only, without “%(part)s” in front of it."),
    "hostname_path": N_(
        "Enter the domain name only, without a path, a question mark or a number sign behind it."
    ),
    "hostname_user": N_("Enter the domain name only; an e-mail address or a user name is none."),
    "hostname_port": N_(
        "Enter the domain name without a port: custom domains answer on the usual port of HTTPS."
    ),
    "hostname_wildcard": N_("A custom domain is one name, so it cannot contain “*”. Enter the name in full."),
    "hostname_address": N_("This is an IP address. Enter a domain name, which can have a CNAME record."),
    "hostname_single_label": N_(
        "“%(name)s” is one word only. Enter the name in full, such as www.%(name)s.com."
    ),
    "hostname_reserved": N_("Names that end in “.%(label)s” are reserved: no public DNS leads to them."),
    "hostname_own": N_(
        "“%(name)s” belongs to this installation itself. Enter a name of a domain that is your own."
    ),
    "hostname_too_long": N_("A domain name has at most 253 characters, and 63 between two dots."),
    "hostname_characters": N_(
        "This is no domain name: between its dots it has letters, digits and hyphens, and no hyphen at either end."
    ),
}


class HostRefused(Refusal):
    """One sentence that says what is wrong; `code` is one of SENTENCES."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(SENTENCES[code], **values)
        self.code = code


def host_name(text: str, *, own: Collection[str] = ()) -> str:
    """The host name as it is kept. `own`: names of this installation; nothing at or below them. Raises HostRefused."""
    typed = text.strip()
    _refuse_addresses_of_pages(typed)
    name = _encoded(typed)
    labels = name.split(".")
    # "Ends in a number", as browsers tell addresses from names (WHATWG URL): 127.1 and 0x7f000001 are addresses.
    if _NUMBER.fullmatch(labels[-1]):
        raise HostRefused("hostname_address")
    if any(name == ours or name.endswith(f".{ours}") for ours in own):
        raise HostRefused("hostname_own", name=name)
    if labels[-1] in RESERVED:
        raise HostRefused("hostname_reserved", label=labels[-1])
    if len(labels) < 2:
        raise HostRefused("hostname_single_label", name=name)
    return name


def _refuse_addresses_of_pages(typed: str) -> None:
    """People copy what stands in the browser's address line."""
    if not typed:
        raise HostRefused("hostname_missing")
    if scheme := _SCHEME.match(typed):
        raise HostRefused("hostname_scheme", part=scheme[0])
    if any(sign in typed for sign in "/\\?#"):
        raise HostRefused("hostname_path")
    if "@" in typed:
        raise HostRefused("hostname_user")
    if typed.startswith("[") or _is_address(typed):
        raise HostRefused("hostname_address")
    if _PORT.search(typed):
        raise HostRefused("hostname_port")
    if "*" in typed:
        raise HostRefused("hostname_wildcard")


def _is_address(typed: str) -> bool:
    try:
        ipaddress.ip_address(typed.partition("%")[0])
    except ValueError:
        return False
    return True


def _encoded(typed: str) -> str:
    if len(typed) > LONGEST * 4:
        raise HostRefused("hostname_too_long")
    try:
        mapped = idna.uts46_remap(typed, std3_rules=True).removesuffix(".")
        if any(len(label) > 63 for label in mapped.split(".") if label.isascii()):
            raise HostRefused("hostname_too_long")
        name = idna.encode(mapped, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        if "too long" in str(error).lower():
            raise HostRefused("hostname_too_long") from error
        raise HostRefused("hostname_characters") from error
    if name.endswith("."):
        raise HostRefused("hostname_characters")
    if len(name) > LONGEST:
        raise HostRefused("hostname_too_long")
    return name


def covers(pattern: str, host: str) -> bool:
    """Whether a name of a certificate speaks for the host: the same, or a wildcard for its whole first label.

    RFC 9525: `*.contoso.com` covers `www.contoso.com`, neither `contoso.com` nor `a.b.contoso.com`.
    """
    if pattern.startswith("*."):
        label, _, rest = host.partition(".")
        return bool(label) and rest == pattern[2:] and "." in rest
    return pattern == host


def covered(names: Iterable[str], host: str) -> bool:
    """Whether any of the names of a certificate covers the host."""
    return any(covers(name, host) for name in names)


def shown(host: str) -> str:
    """With the letters of its own language, for people; as it is if it has none."""
    try:
        return idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        return host


def suggested(names: Iterable[str]) -> str:
    """What a certificate is most likely for: its only name that is no wildcard; "" if there are several."""
    plain = [name for name in names if not name.startswith("*.")]
    return shown(plain[0]) if len(plain) == 1 else ""
