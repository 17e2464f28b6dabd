import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from workers import queues
from workers.app import app
from workers.settings import SettingsError, settings


@pytest.fixture
def configuration(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module as a process with these settings would read it; whatever this test run uses is put back."""
    monkeypatch.setenv("BELLWETHER_REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    before = sys.modules.pop("workers.configuration", None)
    yield importlib.import_module("workers.configuration")
    sys.modules.pop("workers.configuration")
    if before:
        sys.modules["workers.configuration"] = before


def test_configuration_speaks_json_only_and_keeps_no_results(configuration: ModuleType) -> None:
    assert configuration.accept_content == ["json"]
    assert configuration.result_backend is None
    assert configuration.task_ignore_result


def test_configuration_orders_the_times_of_a_batch(configuration: ModuleType) -> None:
    lease = settings().ledger.lease.total_seconds()

    assert configuration.task_time_limit < lease < configuration.broker_transport_options["visibility_timeout"]


def test_configuration_declares_every_queue_and_creates_none_by_name(configuration: ModuleType) -> None:
    declared = {queue.name for queue in configuration.task_queues}

    assert {*queues.ANALYZE_QUEUES, *queues.IO_QUEUES, queues.device_queue("cpu"), queues.device_queue("cuda:3")} <= declared
    assert not configuration.task_create_missing_queues


def test_configuration_knows_no_setting_that_celery_does_not(configuration: ModuleType) -> None:
    from celery.app.defaults import DEFAULTS

    names = {name for name in vars(configuration) if name.islower() and not name.startswith("_")}

    assert names - set(DEFAULTS) == {"endpoints", "queues", "schedule", "settings"}


@pytest.mark.parametrize(("name", "value"), [("LEASE", "PT50S"), ("VISIBILITY_TIMEOUT", "PT60S"), ("SWEEP_EVERY", "PT200S")])
def test_settings_refuse_broken_inequalities(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"BELLWETHER_LEDGER__{name}", value)
    settings.cache_clear()

    with pytest.raises(SettingsError, match="ledger"):
        settings()


def test_app_is_configured_by_name_so_that_spawned_children_read_it_anew() -> None:
    assert app.__reduce_keys__()["config_source"] == "workers.configuration"
