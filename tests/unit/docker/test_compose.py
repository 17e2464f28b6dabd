import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from workers.settings import Settings, settings

_OURS = ("migrate", "api", "worker-analyze", "worker-io", "beat", "flower")


@pytest.fixture
def compose(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "docker" / "compose.yaml").read_text())


@pytest.fixture
def gpu(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "docker" / "compose.gpu.yaml").read_text())


@pytest.fixture
def dockerfile(root: Path) -> str:
    return (root / "docker" / "Dockerfile").read_text()


@pytest.mark.parametrize("name", _OURS)
def test_every_service_of_ours_runs_a_command_that_exists(
    compose: dict[str, Any], fault_of: Callable[[Sequence[str]], str | None], name: str
) -> None:
    assert fault_of(compose["services"][name]["command"]) is None


def test_the_gpu_file_runs_a_command_that_exists(gpu: dict[str, Any], fault_of: Callable[[Sequence[str]], str | None]) -> None:
    assert fault_of(gpu["services"]["worker-analyze"]["command"]) is None


def test_the_analyze_worker_and_no_other_service_gets_the_named_gpus(compose: dict[str, Any], gpu: dict[str, Any]) -> None:
    devices = gpu["services"]["worker-analyze"]["deploy"]["resources"]["reservations"]["devices"]

    assert set(gpu["services"]) == {"worker-analyze"} <= set(compose["services"])
    assert [one["capabilities"] for one in devices] == [["gpu"]]
    assert all(one["device_ids"] and one["driver"] == "nvidia" for one in devices)


def test_every_variable_of_a_container_is_a_setting(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch, root: Path, dockerfile: str
) -> None:
    for name in _OURS:
        given = {key: _filled(value) for key, value in compose["services"][name]["environment"].items() if key != "BELLWETHER_CONFIG"}
        with monkeypatch.context() as patch:
            for key, value in given.items():
                patch.setenv(key, value)
            patch.setenv("BELLWETHER_CONFIG", str(root / "docker" / "config" / "bellwether.toml"))
            settings.cache_clear()

            assert settings().postgres_url

    in_image = set(re.findall(r"BELLWETHER_(\w+)=", dockerfile))
    assert {name.lower() for name in in_image} <= set(Settings.model_fields)


def test_the_mounted_settings_file_holds_no_secret(root: Path) -> None:
    text = (root / "docker" / "config" / "bellwether.toml").read_text()

    assert tomllib.loads(text)
    assert not re.search("password|secret *=|_url *=", "\n".join(line for line in text.splitlines() if not line.startswith("#")))


def test_every_variable_that_compose_asks_for_stands_in_the_example(root: Path) -> None:
    asked = set(re.findall(r"\$\{(\w+)", (root / "docker" / "compose.yaml").read_text()))
    offered = set(re.findall(r"^(\w+)=", (root / "docker" / ".env.example").read_text(), re.MULTILINE))

    assert asked == offered


def test_the_filled_in_copy_of_the_example_is_never_committed(root: Path) -> None:
    assert "/docker/.env" in (root / ".gitignore").read_text().split()


def test_every_service_but_the_one_shot_is_watched_and_restarted(compose: dict[str, Any]) -> None:
    watched = {name: one for name, one in compose["services"].items() if name != "migrate"}

    assert all(one["restart"] == "unless-stopped" for one in watched.values())
    assert all(one["healthcheck"]["test"] and one["healthcheck"]["interval"] for one in watched.values())


def test_health_checks_of_ours_name_commands_that_exist(
    compose: dict[str, Any], dockerfile: str, fault_of: Callable[[Sequence[str]], str | None]
) -> None:
    checks = [one["healthcheck"].get("test", []) for one in compose["services"].values()]
    checks += [re.findall('"([^"]+)"', line) for line in re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", dockerfile, re.MULTILINE)]

    assert [fault for check in checks for fault in [_fault_of_check(check, fault_of)] if fault] == []


def test_only_loopback_is_published(compose: dict[str, Any]) -> None:
    published = [port for one in compose["services"].values() for port in one.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_broker_keeps_what_it_is_given(compose: dict[str, Any]) -> None:
    command = compose["services"]["valkey"]["command"]

    assert dict(_pairs(command))["--appendonly"] == "yes"
    assert dict(_pairs(command))["--maxmemory-policy"] == "noeviction"


def test_everything_waits_for_the_migration_and_the_migration_for_the_database(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert all(services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"} for name in _OURS[1:])


def test_a_worker_may_end_its_batch_before_docker_kills_it(compose: dict[str, Any]) -> None:
    limit_s = Settings().ledger.task_time_limit.total_seconds()

    assert int(compose["services"]["worker-analyze"]["stop_grace_period"].removesuffix("s")) > limit_s


def test_every_named_volume_is_declared(compose: dict[str, Any]) -> None:
    used = {one.split(":")[0] for service in compose["services"].values() for one in service.get("volumes", []) if not one.startswith(".")}

    assert used == set(compose["volumes"])


def test_targets_and_folders_of_the_builds_exist(compose: dict[str, Any], gpu: dict[str, Any], dockerfile: str, root: Path) -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", dockerfile, re.MULTILINE))
    builds = [compose["services"][name]["build"] for name in _OURS]

    assert {one["target"] for one in builds} | {gpu["services"]["worker-analyze"]["build"]["target"]} == {"cpu", "gpu"} <= targets
    assert all((root / "docker" / one["context"] / one["dockerfile"]).is_file() for one in builds)


def test_every_image_is_pinned(compose: dict[str, Any], dockerfile: str) -> None:
    images = [one["image"] for one in compose["services"].values()] + re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", dockerfile, re.MULTILINE)

    assert all(re.search(r":\d+\.\d+\.\d+|:\d+\.\d+-", image) for image in images)


def _filled(value: str) -> str:
    return re.sub(r"\$\{\w+[^}]*\}", "filled", str(value))


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in pairwise(words) if name.startswith("--"))


def _fault_of_check(check: Sequence[str], fault_of: Callable[[Sequence[str]], str | None]) -> str | None:
    words = [word for word in check if word not in {"CMD", "CMD-SHELL"}]
    return fault_of(words[1:]) if words[:1] == ["bellwether"] else None
