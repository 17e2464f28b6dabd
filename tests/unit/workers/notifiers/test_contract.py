"""What every kind of notifier owes: walked over the registry, each against a receiver that really listens."""

import logging
from typing import Any, get_args

import pytest
import structlog

from workers import notifiers
from workers.alert_settings import Notifier, NotifierKind


@pytest.fixture(params=sorted(notifiers.KINDS))
def chosen(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings of each kind that reach a receiver on this machine; their address holds a password."""
    kind = request.param
    if kind == "apprise":
        pytest.importorskip("apprise")
    if kind == "console":
        request.getfixturevalue("capsys")
        return {"kind": kind}
    if kind == "email":
        place = request.getfixturevalue("relay").address
        return {"kind": kind, "url": f"smtp+plain://{place}", "sender": "bellwether@bank.example", "to": ["desk@bank.example"]}
    place = request.getfixturevalue("receiver").url.removeprefix("http://")
    scheme = "json" if kind == "apprise" else "http"
    return {"kind": kind, "url": f"{scheme}://me:hunter2@{place}", "allow_private": True}


def test_registry_names_the_kinds_that_settings_allow() -> None:
    assert set(notifiers.KINDS) == set(get_args(NotifierKind))


def test_every_kind_tells_a_message(chosen: dict[str, Any], request: pytest.FixtureRequest, told: Any) -> None:

    for change in ("opened", "resolved"):
        notifiers.make(Notifier(**chosen)).notify(told(change, severity="critical"))

    heard = _heard(chosen["kind"], request)
    assert len(heard) == 2
    assert all("33" in one for one in heard)


def test_no_kind_betrays_its_address_when_nobody_answers(
    chosen: dict[str, Any], told: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    if chosen["kind"] == "console":
        pytest.skip("has no address")
    scheme = chosen["url"].partition("://")[0]
    own = Notifier(**chosen | {"url": f"{scheme}://me:hunter2@127.0.0.1:9/services/T0/tokentoken"})

    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logged, pytest.raises(notifiers.NotTold) as failed:
        notifiers.make(own).notify(told())

    said = f"{failed.value}{failed.value.__cause__}{own!r}{own.model_dump_json()}{logged}{caplog.text}{capsys.readouterr()}"
    assert "hunter2" not in said
    assert "tokentoken" not in said


def test_no_kind_reaches_a_private_address_unless_told_to(chosen: dict[str, Any], request: pytest.FixtureRequest, told: Any) -> None:
    if chosen["kind"] == "console":
        pytest.skip("reaches nobody")

    with pytest.raises(notifiers.NotTold, match="not public"):
        notifiers.make(Notifier(**chosen | {"allow_private": False})).notify(told())

    assert _heard(chosen["kind"], request) == []


def test_no_kind_tells_examples_that_are_to_stay(chosen: dict[str, Any], request: pytest.FixtureRequest, told: Any) -> None:
    own = Notifier(**chosen | {"examples": False})

    notifiers.make(own).notify(told(chosen=own))

    assert not any("Shares" in one for one in _heard(chosen["kind"], request))


def _heard(kind: str, request: pytest.FixtureRequest) -> list[str]:
    """Return the texts that the receiver of a kind has heard so far."""
    if kind == "console":
        return [line for line in request.getfixturevalue("capsys").readouterr().out.splitlines() if line.startswith("ALERT ")]
    if kind == "email":
        return [str(one) for one in request.getfixturevalue("relay").got]
    return [body.decode() for _, _, body in request.getfixturevalue("receiver").got]
