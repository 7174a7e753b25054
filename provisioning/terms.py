"""The terms of service that are accepted before a portal is provisioned. Pure data."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.words import N_


@dataclass(frozen=True)
class Terms:
    """One version. A changed text gets a new version, so that it is known who accepted what."""

    version: str
    paragraphs: tuple[str, ...]


CURRENT = Terms(
    version="2026-11",
    paragraphs=(
        N_(
            "By provisioning a portal you ask this installation to run a web site on behalf of your "
            "organization. The portal reads and writes data of the Dynamics 365 instance that you selected, "
            "with the rights of the application user that your organization set up for it."
        ),
        N_(
            "You confirm that you are allowed to act for the organization, that the people who visit the "
            "portal are told which of their data is processed, and that the content which you publish there "
            "is yours to publish."
        ),
        N_(
            "Solution packages are installed into the selected instance. They add tables, texts and sample "
            "content; they do not change what your organization entered itself. Removing the portal later "
            "leaves this data there."
        ),
        N_(
            "The portal's URL is reserved for your organization from the moment the portal first answers. A "
            "trial portal is meant for evaluation and must not carry business that you cannot afford to "
            "lose."
        ),
        N_(
            "The software is provided under the licence that comes with it, without warranty of any kind. "
            "Whoever operates this installation is responsible for its availability, its backups and its "
            "security."
        ),
    ),
)
