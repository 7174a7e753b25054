"""Where the custom domain of a portal stands. Pure."""

from __future__ import annotations

from enum import StrEnum


class DomainState(StrEnum):
    """A custom domain's state, shown as `data-domain-state`. It tells of the last job; what the edge serves meanwhile
    is `CustomDomain.published_at`."""

    VERIFYING = "verifying"  # the job waits for the CNAME record
    PUBLISHING = "publishing"  # the certificate is put at the edge, and the edge is asked for it
    BOUND = "bound"
    FAILED = "failed"
    REMOVING = "removing"
