import json
import subprocess
from typing import Any

import pytest
from pydantic import SecretStr

from workers import notifiers
from workers.alert_settings import Notifier
from workers.notifiers import apprise as own

apprise = pytest.importorskip("apprise")


def test_an_address_that_apprise_does_not_know_is_told_so(told: Any) -> None:
    with pytest.raises(notifiers.NotTold, match="does not know such an address"):
        notifiers.make(Notifier(kind="apprise", url=SecretStr("pigeon://loft"))).notify(told())


def test_a_service_that_refuses_is_told_so(receiver: Any, told: Any) -> None:
    receiver.status = 500

    with pytest.raises(notifiers.NotTold, match="did not accept"):
        notifiers.make(_of(receiver)).notify(told())


@pytest.mark.parametrize(("severity", "change", "mood"), [("critical", "opened", "failure"), ("warning", "resolved", "success")])
def test_a_service_is_told_how_urgent_it_is(receiver: Any, told: Any, severity: str, change: str, mood: str) -> None:
    notifiers.make(_of(receiver)).notify(told(change, severity=severity))

    assert json.loads(receiver.got[0][2])["type"] == mood


def test_a_process_that_hangs_is_ended(receiver: Any, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver.drips = b"HTTP/1.1 "
    monkeypatch.setattr(own, "_START_S", 0.8)

    with pytest.raises(notifiers.NotTold, match=r"no answer within 1 s"):
        notifiers.make(_of(receiver, timeout="PT0.2S")).notify(told())


def test_the_address_shows_in_no_list_of_processes(receiver: Any, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: seen.append(command) or subprocess.CompletedProcess(command, 0))

    notifiers.make(_of(receiver)).notify(told())

    assert "127.0.0.1" not in str(seen)


def test_without_apprise_the_next_step_is_named(receiver: Any, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "find_spec", lambda _: None)

    with pytest.raises(notifiers.NotTold, match=r"pip install 'bellwether\[notify\]'"):
        notifiers.make(_of(receiver)).notify(told())


def _of(receiver: Any, **more: Any) -> Notifier:
    return Notifier(kind="apprise", url=SecretStr(receiver.url.replace("http://", "json://")), allow_private=True, **more)
