"""Rules for a portal's name and for its subdomain. Pure; the sentences are shown beside the field."""

from __future__ import annotations

import re
import unicodedata

from accounts.words import Refusal

LONGEST_NAME = 100
SHORTEST_SUBDOMAIN, LONGEST_SUBDOMAIN = 3, 63

# Names that a visitor could take for something official, or that mail and certificates give a meaning.
_OFFICIAL = """
www admin administrator api app apps auth autodiscover blog cdn dev docs edge ftp help imap info internal localhost
login mail mx ns1 ns2 pop3 portal portals postmaster root secure signin smtp ssl static status support system test
webmail wpad hostmaster webmaster abuse security
"""
RESERVED = frozenset(_OFFICIAL.split())
_LABEL = re.compile(r"[A-Za-z0-9-]+", re.ASCII)


class NameRefused(Refusal):
    """One sentence that says what is wrong; `code` is its short name."""

    def __init__(self, code: str, template: str, **values: object) -> None:
        super().__init__(template, **values)
        self.code = code


def portal_name(text: str) -> str:
    """The name as it is kept: composed, trimmed, inner white space as single blanks.

    Raises NameRefused when nothing, more than 100 characters, or a control character is left.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise NameRefused("name_missing", "Enter a name for the portal.")
    if len(name) > LONGEST_NAME:
        raise NameRefused(
            "name_too_long",
            "A name has at most %(most)s characters; this one has %(number)s.",
            most=LONGEST_NAME,
            number=len(name),
        )
    # Cc: control; Cf: invisible marks that could turn the text around; Co, Cs: no characters at all.
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Co", "Cs"} for letter in name):
        raise NameRefused(
            "name_characters", "The name contains characters that cannot be seen; type it again."
        )
    return name


def subdomain(text: str) -> str:
    """The subdomain as it is kept: trimmed and in lower case. Raises NameRefused."""
    typed = text.strip()
    if not typed:
        raise NameRefused("subdomain_missing", "Enter the first part of the portal's URL.")
    if not _LABEL.fullmatch(typed):  # before it is lowered: the Kelvin sign becomes a plain k
        raise NameRefused("subdomain_characters", "Use only letters (a–z), digits and hyphens (-).")
    label = typed.lower()
    if not SHORTEST_SUBDOMAIN <= len(label) <= LONGEST_SUBDOMAIN:
        raise NameRefused(
            "subdomain_length",
            "The URL's first part has %(least)s to %(most)s characters; this one has %(number)s.",
            least=SHORTEST_SUBDOMAIN,
            most=LONGEST_SUBDOMAIN,
            number=len(label),
        )
    if label.startswith("-") or label.endswith("-"):
        raise NameRefused("subdomain_hyphen", "The URL must not begin or end with a hyphen.")
    # The third and fourth character mark encoded names (RFC 5891, 4.2.3.1); browsers show those as other letters.
    if label[2:4] == "--":
        raise NameRefused(
            "subdomain_encoded", "The URL must not have hyphens as its third and fourth character."
        )
    if label in RESERVED:
        raise NameRefused("subdomain_reserved", "“%(label)s” is reserved. Choose another one.", label=label)
    return label
