from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from workers.alert_settings import NOTIFIER_FIELDS, Alerts, Notifier

MAIL = {"kind": "email", "url": "smtp://relay.example", "sender": "Bellwether <bw@bank.example>", "to": ["Ana <ana@bank.example>"]}
HOOK = {"kind": "webhook", "url": "https://desk.example/hook"}


@pytest.mark.parametrize("kind", NOTIFIER_FIELDS)
def test_a_notifier_without_what_its_kind_needs_is_refused(kind: Any) -> None:
    needs, _ = NOTIFIER_FIELDS[kind]
    if not needs:
        assert Notifier(kind=kind)
        return

    with pytest.raises(ValidationError, match=f"kind {kind} needs {' and '.join(needs)}"):
        Notifier(kind=kind)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"kind": "console", "url": "https://desk.example"}, "kind console knows no url; it knows changes, examples"),
        ({"kind": "slack", "url": "https://x.example", "secret": "s"}, "kind slack knows no secret"),
        ({"kind": "alertmanager", "url": "https://x.example", "changes": ["opened"]}, "kind alertmanager knows no changes"),
        (HOOK | {"url": "ftp://desk.example"}, "url: write an address that starts with https:// or http://"),
        (HOOK | {"url": "https:///hook"}, "then a host"),
        (HOOK | {"url": "https://desk.example/a b"}, "without blanks"),
        (HOOK | {"url": "https://desk.example:99999/"}, "then a host"),
        (HOOK | {"url": "https://[::1/"}, "then a host"),
        (MAIL | {"url": "https://relay.example"}, r"smtp:// or smtps:// or smtp\+plain://"),
        (MAIL | {"to": ["ana"]}, "'ana' is not an e-mail address"),
        (MAIL | {"sender": "bw@bank.example\r\nBcc: eve@evil.example"}, "is not an e-mail address"),
        (HOOK | {"only": {"severty": "critical"}}, "no label severty; it has severity, source"),
        (HOOK | {"changes": []}, "tells nothing"),
        (HOOK | {"changes": ["closed"]}, "opened"),
        (HOOK | {"timeout": "PT0S"}, "greater than 0"),
        ({"kind": "alertmanager", "url": "https://x.example", "holds": "PT1M"}, "greater than"),
    ],
)
def test_a_notifier_that_cannot_work_is_refused_with_the_mend(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Notifier(**given)


@pytest.mark.parametrize(
    "given", [HOOK | {"url": "hunter2://x"}, HOOK | {"url": "https://me:hunter2@x.example/ "}, {"kind": "console", "url": "hunter2"}]
)
def test_what_is_refused_is_not_repeated(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Notifier(**given)

    assert "hunter2" not in str(refused.value)


def test_a_notifier_has_quiet_defaults() -> None:
    one = Notifier(**HOOK)

    assert (one.changes, one.only, one.examples) == (("opened", "escalated", "reminder", "resolved"), {}, True)
    assert (one.allow_private, one.timeout, one.holds) == (None, timedelta(seconds=10), timedelta(days=1))


@pytest.mark.parametrize(("waits", "complaint"), [(["PT0S"], "stops reading"), (["P1D", "PT4H"], "sort them")])
def test_reminders_that_would_be_a_nuisance_are_refused(waits: list[str], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Alerts.model_validate({"remind_after": waits})


def test_reminders_may_be_none_or_widen() -> None:
    assert Alerts.model_validate({"remind_after": []}).remind_after == ()
    assert len(Alerts.model_validate({"remind_after": ["PT1H", "PT1H", "P1D"]}).remind_after) == 3
