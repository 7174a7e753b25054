"""One answer of one name server, read with distrust: only what was asked for counts, in the class of the internet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset


class Says(StrEnum):
    """What an answer comes down to."""

    RECORDS = "records"
    ALIAS = "alias"
    NO_DATA = "no data"  # the name is there, with other records
    NO_NAME = "no name"
    REFERRAL = "referral"  # other servers are responsible
    FAILED = "failed"


@dataclass(frozen=True)
class Reply:
    """What an answer comes down to, and what belongs to it.

    records: the texts of the records asked for. alias: where a CNAME leads. zone: whose the SOA or the referral is.
    servers, glue: the names of a referral, and addresses by name. reason: why it failed.
    ttl: seconds for which the answer may be kept.
    """

    says: Says
    records: tuple[str, ...] = ()
    alias: str = ""
    zone: str = ""
    ttl: int | None = None
    reason: str = ""
    servers: tuple[str, ...] = ()
    glue: tuple[tuple[str, str], ...] = ()


def failed(reason: str) -> Reply:
    """No answer that could be used."""
    return Reply(Says.FAILED, reason=reason)


def read(message: dns.message.Message, name: str, kind: str, *, recursive: bool) -> Reply:
    """What the message says of that name. A resolver (`recursive`) is never authoritative; another server must be."""
    owner, rdtype = dns.name.from_text(name), dns.rdatatype.from_text(kind)
    code = message.rcode()
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return failed(dns.rcode.to_text(code))
    if referral := _referral(message, owner, recursive=recursive):
        return referral
    if not recursive and not message.flags & dns.flags.AA:
        return failed("not authoritative")
    if rdtype != dns.rdatatype.CNAME and (found := _own(message, owner, rdtype)):
        return Reply(Says.RECORDS, records=_texts(found), ttl=found.ttl)
    if alias := _own(message, owner, dns.rdatatype.CNAME):
        return Reply(Says.ALIAS, alias=plain(alias[0].target), ttl=alias.ttl)
    says = Says.NO_NAME if code == dns.rcode.NXDOMAIN else Says.NO_DATA
    for rrset in _internet(message.authority):
        if rrset.rdtype == dns.rdatatype.SOA and owner.is_subdomain(rrset.name):
            # RFC 2308, 5: what is not there may be kept for the lesser of the two.
            return Reply(says, zone=plain(rrset.name), ttl=min(rrset.ttl, rrset[0].minimum))
    return Reply(says)


def _referral(message: dns.message.Message, owner: dns.name.Name, *, recursive: bool) -> Reply | None:
    if recursive or message.answer or message.flags & dns.flags.AA:
        return None
    for rrset in _internet(message.authority):
        if rrset.rdtype == dns.rdatatype.NS and owner.is_subdomain(rrset.name):
            names = tuple(plain(record.target) for record in rrset)
            return Reply(
                Says.REFERRAL,
                zone=plain(rrset.name),
                ttl=rrset.ttl,
                servers=names,
                glue=_glue(message, names),
            )
    return None


def _glue(message: dns.message.Message, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    return tuple(
        (plain(rrset.name), record.address)
        for rrset in _internet(message.additional)
        if rrset.rdtype in kinds and plain(rrset.name) in names
        for record in rrset
    )


def _internet(section: Iterable[dns.rrset.RRset]) -> Iterator[dns.rrset.RRset]:
    """Records of another class may have another form: such an "address" is none."""
    return (rrset for rrset in section if rrset.rdclass == dns.rdataclass.IN)


def _own(
    message: dns.message.Message, owner: dns.name.Name, kind: dns.rdatatype.RdataType
) -> dns.rrset.RRset | None:
    for rrset in _internet(message.answer):
        if rrset.name == owner and rrset.rdtype == kind and len(rrset):
            return rrset
    return None


def _texts(rrset: dns.rrset.RRset) -> tuple[str, ...]:
    if rrset.rdtype == dns.rdatatype.TXT:
        # Long texts come in pieces, which belong together. PostgreSQL keeps no zero in a text.
        texts = (b"".join(record.strings).decode("utf-8", "replace") for record in rrset)
        return tuple(text.replace("\0", "\N{REPLACEMENT CHARACTER}") for text in texts)
    if rrset.rdtype == dns.rdatatype.NS:
        return tuple(plain(record.target) for record in rrset)
    return tuple(record.to_text() for record in rrset)


def plain(name: dns.name.Name) -> str:
    """A name as people write it: lower case, without the final dot; strange octets stay escaped."""
    return name.to_text(omit_final_dot=True).lower()
