"""Holds Dockerfile and .dockerignore to the product."""

from __future__ import annotations

import re
import shlex

import pytest
from django.conf import settings

from portaladmin import processes


@pytest.fixture(scope="module")
def dockerfile() -> str:
    text = (settings.BASE_DIR / "Dockerfile").read_text()
    return text.replace("\\\n", " ")


def test_the_image_carries_every_room_and_nothing_of_the_checkout_beside() -> None:
    lines = (settings.BASE_DIR / ".dockerignore").read_text().splitlines()
    taken = {line[1:] for line in lines if line.startswith("!")}
    rooms = {app for app in settings.INSTALLED_APPS if (settings.BASE_DIR / app).is_dir()}
    assert lines[1] == "*"
    assert taken == rooms | {"manage.py", "locale", "templates", "static", "requirements/base.txt"}


def test_it_does_not_run_as_root(dockerfile: str) -> None:
    users = re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE)
    assert users == ["10001:10001"]
    # Nothing is written to the image behind that line.
    assert not re.search(r"^(RUN|COPY|ADD)", dockerfile.partition("\nUSER ")[2], re.MULTILINE)


def test_its_packages_are_locked_and_hashed(dockerfile: str) -> None:
    install = re.search(r"pip install (.*)$", dockerfile, re.MULTILINE)
    assert install
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(shlex.split(install[1]))
    assert "requirements/base.txt" in dockerfile


def test_it_is_the_web_process_unless_told_otherwise(dockerfile: str) -> None:
    command = re.search(r"^CMD \[(.*)\]$", dockerfile, re.MULTILINE)
    assert command
    assert re.findall(r'"([^"]*)"', command[1]) == processes.WEB.arguments({})
    assert 'ENTRYPOINT ["python", "-m", "portaladmin.entrypoint"]' in dockerfile


def test_it_listens_to_the_outside_and_writes_to_its_volume_only(dockerfile: str) -> None:
    assert "BIND=0.0.0.0" in dockerfile
    assert "DATA_DIR=/data" in dockerfile
    assert "/data/scheduler" in dockerfile


def test_its_python_is_one_that_the_product_supports(dockerfile: str) -> None:
    versions = {
        tuple(map(int, text.split("."))) for text in re.findall(r"^FROM python:(\d+\.\d+)", dockerfile, re.M)
    }
    assert len(versions) == 1
    assert min(versions) >= (3, 11)
