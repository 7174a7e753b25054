"""What all tests share: cheap passwords, and people of each role."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from accounts.models import DirectoryRoleAssignment, User
from accounts.roles import DirectoryRole

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap_passwords(settings: LazySettings) -> None:
    """Hashing is slow on purpose, which no test needs."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def global_admin(db: None) -> User:
    user = User.objects.create_user(email="ga@contoso.example", password=PASSWORD, display_name="Gale Adams")
    DirectoryRoleAssignment.objects.create(user=user, role=DirectoryRole.GLOBAL_ADMINISTRATOR)
    return user


@pytest.fixture
def nobody(db: None) -> User:
    return User.objects.create_user(
        email="no@contoso.example", password=PASSWORD, display_name="Nobody Nowhere"
    )
