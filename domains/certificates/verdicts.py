"""What can be said of a certificate, each code with its sentence: errors refuse it, warnings stand beside it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from accounts.words import N_, Refusal

ERRORS: dict[str, str] = {
    "expired": N_("The certificate of “%(subject)s” expired on %(day)s. Upload one that is valid."),
    "not_yet_valid": N_(
        "The certificate of “%(subject)s” is valid from %(day)s on only. Browsers refuse it until then; upload it when "
        "its time has come."
    ),
    "weak_signature": N_(
        "The certificate of “%(subject)s” is signed with %(algorithm)s, which browsers do not accept any more. Ask its "
        "issuer for one that is SHA2 signed."
    ),
    "weak_key": N_(
        "The key of the certificate of “%(subject)s” is not one that browsers accept (%(key)s). Use RSA with 2048 to "
        "8192 bits, or an elliptic curve: P-256, P-384, P-521."
    ),
    "key_type": N_(
        "The key of the certificate of “%(subject)s” is of a kind that browsers do not support (%(key)s). Use RSA or "
        "an elliptic curve: P-256, P-384, P-521."
    ),
    "eku": N_(
        "The certificate is not made for web servers: its extended key usage lacks “Server Authentication”."
    ),
    "key_usage": N_(
        "The certificate is not made for web servers: its key usage allows no digital signature, which browsers demand."
    ),
    "no_san": N_(
        "The certificate names no host in its subject alternative names, where browsers look; they ignore its subject."
    ),
    "too_many_names": N_("The certificate names more than %(most)s hosts, which is more than can be served."),
    "is_ca": N_(
        "This is the certificate of a certification authority itself. Upload one that it issued for your host."
    ),
    "unreadable": N_("The certificate contains something that cannot be read. Ask its issuer for a new one."),
}
WARNINGS: dict[str, str] = {
    "incomplete_chain": N_(
        "The certificate's chain is incomplete: the certificate of its issuer “%(issuer)s” is missing, so many "
        "browsers and phones will refuse it. In Windows, export with “Include all certificates in the certification "
        "path if possible”."
    ),
    "self_signed": N_(
        "The certificate is self-signed: browsers warn of it unless they were told to trust it."
    ),
    "untrusted_root": N_(
        "Its chain leads to “%(issuer)s”, which is not a root that browsers know: only devices that were told to trust "
        "it accept the certificate."
    ),
    "unknown_root": N_(
        "Its chain leads to “%(issuer)s”, which browsers do not know. If that is a root of your own, only devices that "
        "were told to trust it accept the certificate; if not, the chain is incomplete. In Windows, export with "
        "“Include all certificates in the certification path if possible”."
    ),
    "is_ca": N_(
        "The certificate may issue others. A key that can do that is better not kept on a web server."
    ),
    "not_verified": N_(
        "Its chain leads to a root that browsers know, but they will not accept it all the same: one of its "
        "authorities may not issue such a certificate. Ask the issuer for another one."
    ),
    "p521": N_(
        "Its key is of the elliptic curve P-521, which Chrome and Edge do not take from a web server. Ask the issuer "
        "for one with P-256 or P-384."
    ),
    "no_eku": N_("The certificate does not say what it is for (extended key usage); some clients refuse it."),
    "two_keys": N_("The file holds %(number)s private keys; the first one was taken, with its certificate."),
    "long_lived": N_(
        "The certificate is valid for %(days)s days; browsers accept at most 398 of one that a public authority issued."
    ),
}


@dataclass(frozen=True)
class Remark:
    """One verdict. `values` are plain JSON; days are ISO dates there."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)


class CertificateRefused(Refusal):
    """The certificate cannot be used; `code` is one of ERRORS."""

    def __init__(self, remark: Remark) -> None:
        super().__init__(ERRORS[remark.code], **remark.values)
        self.code = remark.code
