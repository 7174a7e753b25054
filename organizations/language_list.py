"""The languages of an organization as their page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from organizations import dependents
from organizations.connect import connect
from organizations.languages import NOT_FOR_PORTALS, LanguageInfo, language
from organizations.models import Instance, Label, Language


@dataclass(frozen=True)
class LanguageRow:
    """One language that the organization has or could have."""

    info: LanguageInfo
    enabled: bool
    is_base: bool
    is_default: bool

    @property
    def for_portals(self) -> bool:
        """Portals are not offered in Arabic and Hebrew, enabled or not."""
        return self.info.lcid not in NOT_FOR_PORTALS

    @property
    def can_be_disabled(self) -> bool:
        return self.enabled and not self.is_base and not self.is_default


@dataclass(frozen=True)
class Question:
    """A change that is asked back: `action` is "enable" or "disable". `portals` are names; `own_texts` are counted."""

    action: str
    row: LanguageRow
    portals: list[str]
    own_texts: int


def rows(instance: Instance) -> list[LanguageRow]:
    """Enabled ones first, each by name. Raises what the port raises."""
    organization = connect(instance)
    enabled = set(organization.provisioned_languages())
    base, default = organization.base_language(), organization.default_language()
    found = [
        LanguageRow(language(lcid), lcid in enabled, lcid == base, lcid == default)
        for lcid in {*organization.available_languages(), *enabled}
    ]
    return sorted(found, key=lambda row: (not row.enabled, row.info.name))


@transaction.atomic
def remember(instance_id: UUID, enabled: Iterable[int]) -> None:
    """What an organization elsewhere has enabled, for forms and portals that do not ask it; ours needs no copy."""
    if Instance.objects.filter(pk=instance_id, kind=Instance.Kind.EMBEDDED).exists():
        return
    known = Language.objects.filter(instance=instance_id)
    known.exclude(lcid__in=list(enabled)).delete()
    known.update(enabled=True)
    Language.objects.bulk_create(
        (Language(instance_id=instance_id, lcid=lcid, enabled=True) for lcid in enabled),
        ignore_conflicts=True,
    )


def question(instance: Instance, found: list[LanguageRow], *, action: str, lcid: str) -> Question | None:
    """The question that an address asks for; None if it makes no sense (any more)."""
    row = next((row for row in found if str(row.info.lcid) == lcid), None)
    possible = row is not None and (
        (action == "enable" and not row.enabled) or (action == "disable" and row.can_be_disabled)
    )
    if row is None or not possible:
        return None
    return Question(
        action, row, dependents.of(instance.id, row.info.lcid), _own_texts(instance.id, row.info.lcid)
    )


def _own_texts(instance_id: UUID, lcid: int) -> int:
    return Label.objects.filter(instance=instance_id, solution=None, lcid=lcid).count()
