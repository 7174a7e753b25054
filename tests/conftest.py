"""What all tests share: cheap passwords, static files without a build, and people."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from accounts.models import DirectoryRoleAssignment, User
from accounts.roles import DirectoryRole
from portaladmin.catalogs.compiling import compile_catalogs

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap_passwords(settings: LazySettings) -> None:
    """Hashing is slow on purpose, which no test needs."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_configure() -> None:
    """WhiteNoise warns of a missing folder, and warnings are errors. The catalogs are read when a process begins."""
    django_settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    compile_catalogs(django_settings.DATA_DIR / "locale")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests whose rows are committed are cleaned up with TRUNCATE, which the audit trail refuses everywhere else."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditrecord DISABLE TRIGGER accounts_audit_no_truncate")


@pytest.fixture(autouse=True)
def plain_static_files(settings: LazySettings) -> None:
    """Names without the hash of their content, which only a build gives them."""
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}


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
