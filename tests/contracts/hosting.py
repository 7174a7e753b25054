"""What every adapter of the hosting port must hold to.

A test module inherits the class and gives the fixtures `hosting` and `plots`: portals of two organizations.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest

from provisioning.ports import AddressTaken, Face, Hosting


@dataclass(frozen=True)
class Plots:
    """Two portals of one organization, and one of another."""

    first: UUID
    second: UUID
    organization: UUID
    stranger: UUID
    other_organization: UUID


class HostingContract:
    def test_a_reserved_address_is_nobody_elses(self, hosting: Hosting, plots: Plots) -> None:
        for _ in range(2):
            hosting.reserve("help", portal_id=plots.first, instance_id=plots.organization)
        for portal, organization in (
            (plots.second, plots.organization),
            (plots.stranger, plots.other_organization),
        ):
            with pytest.raises(AddressTaken):
                hosting.reserve("help", portal_id=portal, instance_id=organization)

    def test_another_address_gives_the_first_one_back(self, hosting: Hosting, plots: Plots) -> None:
        hosting.reserve("help", portal_id=plots.first, instance_id=plots.organization)
        hosting.reserve("desk", portal_id=plots.first, instance_id=plots.organization)
        hosting.reserve("help", portal_id=plots.stranger, instance_id=plots.other_organization)

    def test_an_address_that_never_answered_is_free_again(self, hosting: Hosting, plots: Plots) -> None:
        hosting.reserve("help", portal_id=plots.first, instance_id=plots.organization)
        hosting.release("help", portal_id=plots.first)
        hosting.reserve("help", portal_id=plots.stranger, instance_id=plots.other_organization)

    def test_an_address_that_answered_stays_with_its_organization(
        self, hosting: Hosting, plots: Plots
    ) -> None:
        hosting.reserve("help", portal_id=plots.first, instance_id=plots.organization)
        hosting.answered("help")
        hosting.release("help", portal_id=plots.first)
        with pytest.raises(AddressTaken):
            hosting.reserve("help", portal_id=plots.stranger, instance_id=plots.other_organization)
        hosting.reserve("help", portal_id=plots.second, instance_id=plots.organization)

    def test_only_its_own_portal_is_published_at_an_address(self, hosting: Hosting, plots: Plots) -> None:
        hosting.reserve("help", portal_id=plots.first, instance_id=plots.organization)
        with pytest.raises(AddressTaken):
            hosting.publish("help", portal_id=plots.second)
        with pytest.raises(AddressTaken):
            hosting.publish("free", portal_id=plots.first)

    def test_a_published_portal_answers_and_a_withdrawn_one_does_not(
        self, hosting: Hosting, plots: Plots
    ) -> None:
        hosting.reserve("help", portal_id=plots.first, instance_id=plots.organization)
        assert hosting.probe("help").face is Face.NOBODY
        for _ in range(2):
            hosting.publish("help", portal_id=plots.first)
        probe = hosting.probe("help")
        assert (probe.portal_id, probe.face) == (plots.first, Face.GETTING_SET_UP)
        for _ in range(2):
            hosting.withdraw("help", portal_id=plots.first)
        assert hosting.probe("help").portal_id is None
        hosting.publish("help", portal_id=plots.first)

    def test_nobody_answers_at_an_address_that_nobody_has(self, hosting: Hosting, plots: Plots) -> None:
        probe = hosting.probe("nowhere")
        assert (probe.status, probe.portal_id, probe.face) == (404, None, Face.NOBODY)
