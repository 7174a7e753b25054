"""Holds docker-compose.yml to the product. There need not be a Docker engine here."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml
from django.conf import settings

from portaladmin import entrypoint, gunicorn, processes
from portaladmin.up import supervisor

DATA_DIR = "/data"
PRODUCT = {"prepare", "web", "edge", "worker", "scheduler"}
# What the Compose specification calls the keys that are used here; another one would be a slip.
TOP = {"name", "services", "volumes", "secrets", "x-product"}
SERVICE = {
    *(
        "build",
        "image",
        "command",
        "restart",
        "init",
        "read_only",
        "tmpfs",
        "cap_drop",
        "security_opt",
        "user",
    ),
    *(
        "environment",
        "secrets",
        "volumes",
        "ports",
        "depends_on",
        "healthcheck",
        "stop_grace_period",
        "shm_size",
    ),
}
HEALTHCHECK = {"test", "interval", "timeout", "retries", "start_period"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
DURATION = re.compile(r"\d+s")
VARIABLE = re.compile(r"\$\{[A-Z_]+:-([^}]*)\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((settings.BASE_DIR / "docker-compose.yml").read_text())
    return read


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def test_only_keys_of_the_specification_are_used(compose: dict[str, Any]) -> None:
    assert set(compose) <= TOP
    for service in compose["services"].values():
        assert set(service) <= SERVICE
        assert set(service.get("healthcheck", {})) <= HEALTHCHECK


def test_what_is_referred_to_is_there(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
        assert {volume.split(":")[0] for volume in service.get("volumes", [])} <= set(compose["volumes"])
        for name, dependency in service.get("depends_on", {}).items():
            assert name in compose["services"]
            assert dependency["condition"] in CONDITIONS
            if dependency["condition"] == "service_healthy":
                assert "healthcheck" in compose["services"][name]


@pytest.mark.parametrize("process", processes.PROCESSES, ids=lambda process: process.name)
def test_its_processes_are_those_of_the_product(
    services: dict[str, dict[str, Any]], process: processes.Process
) -> None:
    command = VARIABLE.sub(r"\1", services[process.name]["command"])
    assert shlex.split(command) == process.arguments({"DATA_DIR": DATA_DIR})


def test_there_are_no_others(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {process.name for process in processes.PROCESSES} | {
        "prepare",
        "database",
        "broker",
    }


def test_the_preparation_is_that_of_the_product_without_the_demo(services: dict[str, dict[str, Any]]) -> None:
    assert services["prepare"]["command"] + " --demo" == processes.PREPARE.command
    assert services["prepare"]["restart"] == "no"


def test_everything_waits_for_the_preparation(services: dict[str, dict[str, Any]]) -> None:
    for process in processes.PROCESSES:
        depends = services[process.name]["depends_on"]
        assert depends["prepare"]["condition"] == "service_completed_successfully"
        assert depends["database"]["condition"] == depends["broker"]["condition"] == "service_healthy"


def test_every_long_running_one_has_a_health_check(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        if name == "prepare":
            continue
        check = service["healthcheck"]
        assert check["test"][0] in {"CMD", "CMD-SHELL"}
        assert all(DURATION.fullmatch(check[key]) for key in ("interval", "timeout"))


def test_there_is_time_to_end_what_is_going_on(services: dict[str, dict[str, Any]]) -> None:
    for process in processes.PROCESSES:
        grace = int(services[process.name]["stop_grace_period"].removesuffix("s"))
        assert grace > supervisor.DRAIN
        assert grace > gunicorn.graceful_timeout


def test_nothing_of_the_product_has_more_rights_than_it_needs(services: dict[str, dict[str, Any]]) -> None:
    for name in PRODUCT:
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]


def test_secrets_are_files_that_the_entrypoint_reads(services: dict[str, dict[str, Any]]) -> None:
    for name in PRODUCT:
        environment = services[name]["environment"]
        files = {key: value for key, value in environment.items() if key.endswith("_FILE")}
        assert {key.removesuffix("_FILE") for key in files} <= set(entrypoint.NAMES)
        assert {value.rpartition("/")[2] for value in files.values()} == set(services[name]["secrets"])
        assert all(value.startswith("/run/secrets/") for value in files.values())
        assert not {"SECRET_KEY", "ENCRYPTION_KEYS", "PGPASSWORD"} & set(environment)
        assert "@" not in environment["DATABASE_URL"].partition("portaladmin")[0]


def test_every_variable_has_a_default_and_secrets_stay_out_of_git(compose: dict[str, Any]) -> None:
    text = (settings.BASE_DIR / "docker-compose.yml").read_text()
    assert len(re.findall(r"(?<!\$)\$\{", text)) == len(VARIABLE.findall(text))
    assert "secrets/" in (settings.BASE_DIR / ".gitignore").read_text().split()
    assert all(secret["file"].startswith("./secrets/") for secret in compose["secrets"].values())


def test_workers_reach_the_web_process(services: dict[str, dict[str, Any]]) -> None:
    assert services["worker"]["environment"]["WEB_ADDRESS"] == "web:8000"
    assert services["worker"]["environment"]["EDGE_ADDRESS"] == "edge:8443"


def test_only_web_and_edge_are_reached_from_outside_and_by_default_from_this_host(
    services: dict[str, dict[str, Any]],
) -> None:
    assert {name for name, service in services.items() if "ports" in service} == {"web", "edge"}
    assert services["web"]["ports"] == ["${PUBLISH:-127.0.0.1:8000}:8000"]
    assert services["edge"]["ports"] == ["${PUBLISH_HTTPS:-127.0.0.1:8443}:8443"]
