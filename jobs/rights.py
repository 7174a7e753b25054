"""Who acts on jobs, asked for at the moment of the act: roles that are remembered for a while are good for looking."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from accounts import permissions
from jobs.models import Job

if TYPE_CHECKING:
    from accounts.models import User


def ask_again(user: User, jobs: Iterable[Job]) -> None:
    """Before somebody acts on these jobs: their roles in the organizations of the jobs are asked for anew, once each.

    The organization is the one that the input `instance_id` names, as in `jobs.listing`.
    """
    for text in {str(job.inputs.get("instance_id", "")) for job in jobs}:
        try:
            permissions.ask_again(user, UUID(text))
        except ValueError:  # of no organization
            continue
