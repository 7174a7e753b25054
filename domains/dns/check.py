"""Checking a host name with this installation's settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import dns.resolver
from django.conf import settings

from domains.dns.asking import Server
from domains.dns.lookup import Finding, Lookup, Wanted
from domains.dns.verdicts import proof_name, proof_text

# Seconds for the whole of a look-up, whatever the servers do.
LIMIT = 12.0


def check(host: str, *, expected: str, portal_id: UUID) -> Finding:
    """Whether the host leads to the portal, whose base URL's host is `expected`. Takes some seconds at most.

    Not to be called inside a transaction.
    """
    wanted = Wanted(host, expected, proof_text(str(portal_id)), frozenset(settings.EDGE_ADDRESSES))
    lookup = Lookup(wanted, resolvers(), LIMIT, settings.DNS_LOOPBACK_PORT)
    return lookup.find()


def resolvers() -> list[Server]:
    """The resolvers that are asked: those of the settings, else the machine's own."""
    given: Sequence[str] = settings.DNS_RESOLVERS
    if not given:
        try:
            given = [str(server) for server in dns.resolver.Resolver().nameservers]
        except dns.resolver.NoResolverConfiguration:
            return []
    return [_resolver(text) for text in given]


def _resolver(text: str) -> Server:
    """`192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`."""
    address, port = text, "53"
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        port = port.removeprefix(":") or "53"
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    return Server(text, address, int(port), recursive=True)


def evidence(finding: Finding, *, host: str, expected: str, portal_id: UUID, at: datetime) -> dict[str, Any]:
    """The finding as it is kept in a row and read by the page.

    verdict, target, is_apex, expected, proof_name, proof_text; `at` and `again_at` (ISO 8601; None when nobody knows);
    rows: server, is_resolver, asked, seen, ttl (seconds or None), leads_here.
    """
    judgement = finding.judgement
    again = at + timedelta(seconds=judgement.wait) if judgement.wait is not None else None
    return {
        "verdict": judgement.verdict.value,
        "target": finding.target,
        "is_apex": finding.is_apex,
        "expected": expected,
        "proof_name": proof_name(host),
        "proof_text": proof_text(str(portal_id)),
        "at": at.isoformat(),
        "again_at": again.isoformat() if again else None,
        "rows": [
            {
                "server": row.server,
                "is_resolver": row.is_resolver,
                "asked": row.asked,
                "seen": row.seen,
                "ttl": row.ttl,
                "leads_here": row.leads_here,
            }
            for row in finding.rows
        ],
    }
