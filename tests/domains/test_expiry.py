from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.test import override_settings
from django.utils import timezone

from domains.certificates import expiry
from domains.models import Certificate, CustomDomain, ExpiryNotice
from domains.services import expiring
from provisioning.models import Portal
from tests.domains.authority import DAY, NOW
from tests.domains.conftest import HOST, Keep, World


@dataclass
class Dated:
    not_before: datetime
    not_after: datetime
    ends_at: datetime


def lasting(days: int, *, left: float) -> Dated:
    end = NOW + timedelta(days=left)
    return Dated(end - timedelta(days=days), end, end)


@pytest.mark.parametrize(
    ("days", "left", "due"),
    [
        (200, 31, None),
        (200, 30, 30),
        (200, 15, 30),
        (200, 14, 14),
        (200, 7.5, 14),
        (200, 7, 7),
        (200, 3, 3),
        (200, 1, 1),
        (200, 0.5, 1),
        (200, 0, 0),
        (200, -0.5, 0),
        (200, -1, -1),
        (200, -1.5, -1),
        (200, -2, -2),
        (47, 16, None),
        (47, 15.5, 15),
        (47, 13, 14),
        (6, 2.5, None),
        (6, 2, 2),
        (6, 1, 1),
    ],
)
def test_when_a_warning_is_due(days: int, left: float, due: int | None) -> None:
    assert expiry.due(lasting(days, left=left), NOW) == due


@pytest.mark.parametrize(
    ("left", "state"), [(60, "valid"), (29, "ending"), (0.1, "ending"), (0, "expired"), (-3, "expired")]
)
def test_how_it_stands_with_a_certificate(left: float, state: str) -> None:
    assert expiry.standing(lasting(200, left=left), NOW).state == state


@pytest.mark.parametrize(
    ("left", "days", "over"),
    [(2.5, 2, 0), (0.5, 0, 0), (-0.01, 0, 0), (-0.99, 0, 0), (-1.5, 0, 1), (-3.1, 0, 3)],
)
def test_days_are_whole_ones_before_and_after_the_end(left: float, days: int, over: int) -> None:
    found = expiry.standing(lasting(90, left=left), NOW)
    assert (found.days, found.days_over) == (days, over)


@pytest.fixture
def served(portal: Portal, keep: Keep) -> Certificate:
    """Bound, and 14 days before its end in a lifetime of 100."""
    certificate = keep(begins=NOW - 86 * DAY, ends=NOW + 14 * DAY)
    CustomDomain.objects.create(
        portal=portal,
        hostname=HOST,
        certificate=certificate,
        state="bound",
        published_at=timezone.now(),
        bound_at=timezone.now(),
    )
    return certificate


@pytest.mark.django_db
def test_people_are_told_once_per_threshold(served: Certificate) -> None:
    sent = [
        expiring.warn(now=NOW + timedelta(days=days)) for days in (0, 0.5, 6, 7, 8, 11, 13, 14, 15, 15.5, 16)
    ]
    assert sent == [1, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1]
    told: dict[str, list[int]] = {}
    for notice in ExpiryNotice.objects.order_by("pk"):
        told.setdefault(notice.address, []).append(notice.days)
    assert set(map(tuple, told.values())) == {(14, 7, 3, 1, 0, -1, -2)}
    assert sorted(told) == sorted({address for message in mail.outbox for address in message.to})


@pytest.mark.django_db
def test_the_mail_says_what_ends_where_and_what_to_do(served: Certificate) -> None:
    expiring.warn(now=NOW)
    told = mail.outbox[0]
    assert told.subject == f"The certificate of {HOST} expires in 14 days"
    assert f"https://{HOST}" in told.body
    assert f"/certificates/{served.pk}/" in told.body
    assert {address for message in mail.outbox for address in message.to} >= {"system.admin@contoso.example"}


@pytest.mark.django_db
def test_everybody_reads_it_in_their_own_language(served: Certificate, world: World) -> None:
    user = world.user("system.admin")
    user.language = "de"
    user.save()
    expiring.warn(now=NOW)
    assert len([message for message in mail.outbox if user.email in message.to]) == 1


@pytest.mark.django_db
def test_when_nobody_is_left_support_is_told(served: Certificate, portal: Portal) -> None:
    Certificate.objects.update(created_by=None)
    Portal.objects.update(owner=None)
    expiring.warn(now=NOW)
    assert [message.to for message in mail.outbox] == [["support@contoso.example"]]


@pytest.mark.django_db
def test_nobody_is_told_of_a_certificate_that_serves_nothing(keep: Keep) -> None:
    keep(begins=NOW - 86 * DAY, ends=NOW + 14 * DAY)
    assert expiring.warn(now=NOW) == 0


@pytest.mark.django_db
def test_a_successor_ends_the_warnings(served: Certificate, keep: Keep) -> None:
    CustomDomain.objects.update(certificate=keep(ends=NOW + 180 * DAY))
    assert expiring.warn(now=NOW) == 0


@pytest.mark.django_db
@override_settings(EMAIL_BACKEND="tests.domains.test_expiry.Refusing")
def test_a_mail_that_does_not_leave_is_tried_again(served: Certificate) -> None:
    assert expiring.warn(now=NOW) == 0
    assert not ExpiryNotice.objects.exists()


@pytest.mark.django_db
@override_settings(EMAIL_BACKEND="tests.domains.test_expiry.RefusingOne")
def test_one_recipient_whose_mail_is_refused_keeps_nobody_from_being_told_once(
    served: Certificate, portal: Portal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Portal.objects.update(owner=world.user("global.admin"))
    addresses = {world.user(name).email for name in ("system.admin", "global.admin")}
    for refused in sorted(addresses):
        ExpiryNotice.objects.all().delete()
        mail.outbox.clear()
        monkeypatch.setattr(RefusingOne, "refused", refused)
        assert [expiring.warn(now=NOW), expiring.warn(now=NOW)] == [1, 0]
        assert [message.to for message in mail.outbox] == [[address] for address in addresses - {refused}]
    # When it is taken at last, only that one comes.
    monkeypatch.setattr(RefusingOne, "refused", "")
    assert expiring.warn(now=NOW) == 1
    assert mail.outbox[-1].to == [refused]
    assert len(mail.outbox) == 2


@pytest.mark.django_db
def test_warnings_of_before_each_had_a_row_went_to_everybody(served: Certificate) -> None:
    ExpiryNotice.objects.create(certificate=served, ends_at=served.ends_at, days=14)
    assert expiring.warn(now=NOW) == 0


class RefusingOne(locmem.EmailBackend):
    """A mail server that takes everything but what is for one address."""

    refused = ""

    def send_messages(self, messages: Sequence[Any]) -> int:
        for message in messages:
            if self.refused in message.to:
                raise SMTPRecipientsRefused({self.refused: (550, b"no such user")})
        return super().send_messages(messages)


class Refusing:
    """A mail server that is not there."""

    def __init__(self, *args: object, **options: object) -> None:
        pass

    def send_messages(self, messages: object) -> int:
        raise ConnectionRefusedError
