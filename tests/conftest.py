"""What all tests share: cheap passwords, static files without a build, and people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.db.backends.base.operations import BaseDatabaseOperations
from psycopg.errors import DeadlockDetected
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


@pytest.fixture(scope="session", autouse=True)
def flush_that_gives_way() -> Iterator[None]:
    """Processes that a module of tests keeps running (an edge) read while rows are taken away between its tests. The
    two may lock each other out; PostgreSQL then ends one of them, and taking the rows away once more is all it needs.
    """
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_again(operations: BaseDatabaseOperations, statements: list[str]) -> None:
        for left in (2, 1, 0):
            try:
                return flush(operations, statements)
            except OperationalError as error:
                if not left or not isinstance(error.__cause__, DeadlockDetected):
                    raise
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush_again)
        yield


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
