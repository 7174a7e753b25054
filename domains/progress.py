"""A custom domain as pages show it: its job, and what DNS was seen to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from accounts.words import N_
from domains import hostnames
from domains.addresses import url_of
from domains.dns.verdicts import SENTENCES, Verdict
from domains.models import Certificate, CustomDomain
from domains.states import DomainState
from jobs import presentation

_WORDS = {
    DomainState.VERIFYING: N_("waits for its CNAME record"),
    DomainState.PUBLISHING: N_("is being bound"),
    DomainState.BOUND: N_("bound"),
    DomainState.FAILED: N_("failed"),
    DomainState.REMOVING: N_("is being removed"),
}

# Seconds between two looks while a job waits for DNS.
INTERVAL = 2


@dataclass(frozen=True)
class Evidence:
    """What DNS said when it was asked last. `sentence` is "" before it was."""

    verdict: str
    sentence: str
    is_fine: bool
    at: datetime | None
    again_at: datetime | None
    needs_proof: bool
    proof_name: str
    proof_text: str
    rows: list[dict[str, Any]]

    @property
    def wants_cname(self) -> bool:
        """It is the CNAME record that is missing or wrong. Name servers that do not answer say nothing of it, a record
        that not all of them show yet is there, and at our addresses only the proof is missing.
        """
        return self.verdict not in (Verdict.DNS_UNAVAILABLE, Verdict.PROPAGATING, Verdict.FLATTENED)

    @property
    def wants_proof_only(self) -> bool:
        return self.verdict == Verdict.FLATTENED

    @property
    def shown_proof(self) -> str:
        """Name of the TXT record, where one is needed."""
        return self.proof_name if self.needs_proof else ""


@dataclass(frozen=True)
class Progress:
    """`seen` names what a page shows; `interval`: seconds until it should ask again, 0 when it is over."""

    domain: CustomDomain
    job: presentation.Progress | None
    evidence: Evidence
    interval: int

    @property
    def seen(self) -> str:
        checked = self.domain.checked_at
        return f"{self.domain.state}-{checked.timestamp() if checked else 0}-{self.interval}"

    @property
    def url(self) -> str:
        return url_of(self.domain.hostname)

    @property
    def shown_host(self) -> str:
        return hostnames.shown(self.domain.hostname)

    @property
    def certificate(self) -> Certificate:
        """The one that the job is about."""
        return self.domain.next_certificate or self.domain.certificate

    @property
    def words(self) -> str:
        """The state in the reader's language."""
        return gettext(_WORDS[DomainState(self.domain.state)])

    @property
    def shows_evidence(self) -> bool:
        """DNS has a part in what goes on."""
        return self.waits_for_dns or bool(self.evidence.rows and not self.evidence.is_fine)

    @property
    def tells_of_failure(self) -> bool:
        """What DNS was seen to say is why the job failed, so nothing else need tell it."""
        return (
            self.shows_evidence and self.job is not None and self.job.job.error_code == self.evidence.verdict
        )

    @property
    def waits_for_dns(self) -> bool:
        return bool(self.interval) and self.domain.state == DomainState.VERIFYING


def progress_of(domain: CustomDomain) -> Progress:
    """Two queries, for the job's steps and its subject."""
    job = presentation.progress_of(domain.job) if domain.job else None
    return Progress(domain, job, evidence_of(domain), INTERVAL if job and not job.is_over else 0)


def evidence_of(domain: CustomDomain) -> Evidence:
    """What the row keeps of the last check (`domains.dns.check.evidence`)."""
    kept = domain.evidence
    verdict = kept.get("verdict", "")
    values = {
        "host": hostnames.shown(domain.hostname),
        "expected": kept.get("expected", ""),
        "target": kept.get("target", ""),
        "proof": kept.get("proof_name", ""),
        "token": kept.get("proof_text", ""),
    }
    return Evidence(
        verdict=verdict,
        sentence=gettext(SENTENCES[Verdict(verdict)]) % values if verdict else "",
        is_fine=verdict == Verdict.VERIFIED,
        at=_time(kept.get("at")),
        again_at=_time(kept.get("again_at")),
        needs_proof=bool(kept.get("is_apex")) or verdict == Verdict.FLATTENED,
        proof_name=kept.get("proof_name", ""),
        proof_text=kept.get("proof_text", ""),
        rows=kept.get("rows", []),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
