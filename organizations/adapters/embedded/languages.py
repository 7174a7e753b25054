"""Languages of an embedded organization."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from organizations.languages import language
from organizations.models import Instance, Language
from organizations.ports import Rejected


def enabled(instance_id: UUID, base_language: int) -> list[int]:
    """LCIDs, ascending; the base language cannot be disabled."""
    rows = Language.objects.filter(instance=instance_id, enabled=True)
    return sorted({base_language, *rows.values_list("lcid", flat=True)})


def available(instance_id: UUID, base_language: int) -> list[int]:
    """LCIDs, ascending."""
    return sorted(
        {base_language, *Language.objects.filter(instance=instance_id).values_list("lcid", flat=True)}
    )


def default(instance_id: UUID, base_language: int) -> int:
    """LCID of the language that things are named in."""
    row = (
        Language.objects.filter(instance=instance_id, is_default=True).values_list("lcid", flat=True).first()
    )
    return row or base_language


@transaction.atomic
def enable(instance_id: UUID, lcid: int) -> None:
    """Imports that run meanwhile see it all or not at all: they hold the same lock."""
    base_language = _lock(instance_id)
    known = Language.objects.filter(instance=instance_id, lcid=lcid).update(enabled=True)
    if not known and lcid != base_language:
        name = language(lcid).name
        raise Rejected(
            f"{name} is not among the languages of this organization.", code="language_unavailable"
        )


@transaction.atomic
def disable(instance_id: UUID, lcid: int) -> None:
    """What people wrote in it stays."""
    base_language = _lock(instance_id)
    name = language(lcid).name
    if lcid == base_language:
        raise Rejected(
            f"{name} is the base language of this organization and cannot be disabled.", code="base_language"
        )
    rows = Language.objects.filter(instance=instance_id, lcid=lcid)
    if rows.filter(is_default=True).exists():
        raise Rejected(
            f"{name} is the default language of this organization. Choose another default first.",
            code="default_language",
        )
    rows.update(enabled=False)


@transaction.atomic
def set_default(instance_id: UUID, lcid: int) -> None:
    """The base language needs no mark."""
    base_language = _lock(instance_id)
    if lcid not in enabled(instance_id, base_language):
        raise Rejected(
            f"{language(lcid).name} is not enabled in this organization.", code="language_disabled"
        )
    Language.objects.filter(~Q(lcid=lcid), instance=instance_id, is_default=True).update(is_default=False)
    if lcid != base_language:
        Language.objects.filter(instance=instance_id, lcid=lcid).update(is_default=True)


def _lock(instance_id: UUID) -> int:
    """The base language, with the lock that imports take."""
    return Instance.objects.select_for_update(no_key=True).get(pk=instance_id).base_language
