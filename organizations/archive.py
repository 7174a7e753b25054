"""Packages by the version that is installed, which need not be the one that this release brings."""

from __future__ import annotations

from uuid import UUID

from organizations.models import KeptPackage, UploadedPackage
from organizations.packages import catalog


def keep(*, unique_name: str, version: str, content: bytes) -> None:
    """Remember a package of ours that was installed; what people upload is kept as they uploaded it."""
    if _is_ours(unique_name, version):
        KeptPackage.objects.get_or_create(
            unique_name=unique_name, version=version, defaults={"content": content}
        )


def find(*, instance_id: UUID, unique_name: str, version: str) -> bytes | None:
    """The package of a solution in exactly this version; None if it is not kept (any more)."""
    uploaded = UploadedPackage.objects.filter(instance=instance_id, unique_name=unique_name, version=version)
    if package := uploaded.order_by("-uploaded_at").first():
        return bytes(package.content)
    if _is_ours(unique_name, version):
        return catalog.load(unique_name)
    kept = KeptPackage.objects.filter(unique_name=unique_name, version=version).first()
    return bytes(kept.content) if kept else None


def _is_ours(unique_name: str, version: str) -> bool:
    return any(item.unique_name == unique_name and item.version == version for item in catalog.shipped())
