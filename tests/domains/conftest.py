from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from domains.certificates import keeping
from domains.certificates.judging import judge
from domains.certificates.opening import Opened
from domains.models import Certificate
from organizations.models import Instance
from provisioning.models import Portal
from provisioning.phases import Packages, Phase
from tests.domains.authority import Issued, authority
from tests.domains.corpus import SECRET, der_key, der_of, packed
from tests.provisioning.conftest import SignIn, World, sign_in, world

__all__ = ["sign_in", "world"]

HOST = "support.fabrikam.shop"
Keep = Callable[..., Certificate]


@pytest.fixture(scope="session")
def root() -> Issued:
    return authority()


@pytest.fixture
def portal(world: World) -> Portal:
    """A portal whose packages are installed, as far as rows tell."""
    made = world.portal()
    world.submit(made)
    Portal.objects.filter(pk=made.pk).update(phase=Phase.CONFIGURED, packages=Packages.INSTALLED)
    made.refresh_from_db()
    return made


@pytest.fixture
def keep(world: World, root: Issued) -> Keep:
    """Takes a certificate in, past the opening of a file."""

    def take(*hosts: str, instance: Instance | None = None, **options: Any) -> Certificate:
        leaf = root.issue((hosts or (HOST,))[0], hosts or (HOST,), **options)
        opened = Opened(der_key(leaf.key), (der_of(leaf.certificate), der_of(root.certificate)), 1)
        judged = judge(opened, roots=(), now=timezone.now())
        user = world.user("system.admin")
        return keeping.keep(instance=instance or world.production, judged=judged, user=user).certificate

    return take


def pfx(root: Issued, *hosts: str, password: str = SECRET, **options: Any) -> SimpleUploadedFile:
    """A file as a browser sends it."""
    leaf = root.issue((hosts or (HOST,))[0], hosts or (HOST,), **options)
    return SimpleUploadedFile("certificate.pfx", packed(leaf, [root.certificate], password))


Browser = Client
__all__ += ["Browser", "SignIn", "World"]
