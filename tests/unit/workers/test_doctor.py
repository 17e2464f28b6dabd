from collections.abc import Callable
from pathlib import Path

import pytest

from workers import endpoints
from workers.doctor import check_disk, check_model, check_notifiers, examine
from workers.health import Check, Status
from workers.settings import settings


@pytest.mark.usefixtures("configured")
def test_examine_finds_the_test_servers_sound() -> None:
    found = {check.name: check for check in examine()}

    assert all(found[name].status is Status.OK for name in ("settings", "broker", "eviction", "database", "clock", "consumption", "disk"))
    assert found["workers"].status is Status.WARN
    assert "bellwether worker" in found["workers"].fix


@pytest.mark.usefixtures("configured")
def test_examine_fails_a_broker_that_may_evict_a_queue() -> None:
    endpoints.redis_client().config_set("maxmemory-policy", "allkeys-lru")
    try:
        found = {check.name: check for check in examine()}
    finally:
        endpoints.redis_client().config_set("maxmemory-policy", "noeviction")

    assert found["eviction"].status is Status.FAIL
    assert "allkeys-lru" in found["eviction"].fact


def test_examine_leaves_out_what_rests_on_a_server_that_is_not_there() -> None:
    found = {check.name: check for check in examine()}

    assert found["broker"].status is Status.FAIL
    assert "bellwether up" in found["broker"].fact
    assert not {"eviction", "clock"} & set(found)


@pytest.mark.usefixtures("configured")
def test_check_notifiers_names_those_that_fail_and_why(incident_in_outbox: Callable[..., int]) -> None:
    incident_in_outbox("opened", notifiers=("desk",), error="the receiver answered 500")

    check = check_notifiers()

    assert (check.status, check.fact) == (Status.WARN, "desk: 1 wait, 0 given up today (the receiver answered 500)")
    assert "alerts test-notifier desk" in check.fix


@pytest.mark.usefixtures("configured")
def test_check_notifiers_names_those_there_are_where_none_fails(incident_in_outbox: Callable[..., int]) -> None:
    incident_in_outbox("opened", notifiers=("console",))

    assert check_notifiers() == Check("notifiers", Status.OK, "console; 1 notifications wait")


def test_check_disk_tells_the_space_left() -> None:
    assert "GiB free" in check_disk().fact


def test_check_model_says_which_file_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text('[models.default]\nkind = "bellwether"\npath = "gone"\n')
    monkeypatch.setenv("BELLWETHER_ENGINE__CATALOG", str(tmp_path / "catalog.toml"))
    settings.cache_clear()

    with pytest.raises(Exception, match=r"lacks config\.json"):
        check_model()
