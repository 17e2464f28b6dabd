"""Each registry offers what the settings may name, and nothing else: whoever adds a kind is led to both places."""

import inspect
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from workers import notifiers, sources
from workers.alert_settings import NOTIFIER_FIELDS, Notifier, NotifierKind
from workers.settings import SourceSettings


def test_every_notifier_of_the_settings_is_in_the_registry_and_the_reverse() -> None:
    assert set(get_args(NotifierKind)) == set(notifiers.KINDS) == set(NOTIFIER_FIELDS)


@pytest.mark.parametrize("kind", notifiers.KINDS)
def test_a_notifier_is_made_of_its_settings_and_told_one_message(kind: str) -> None:
    address = "smtp://127.0.0.1" if kind == "email" else "http://127.0.0.1"
    needed = {"url": address, "sender": "desk@bank.example", "to": ["ana@bank.example"]}

    made = notifiers.make(Notifier(kind=kind, **{name: needed[name] for name in NOTIFIER_FIELDS[kind][0]}))

    assert list(inspect.signature(made.notify).parameters) == ["message"]


def test_every_pull_of_the_settings_is_in_the_registry_and_the_reverse() -> None:
    named, _none = get_args(SourceSettings.model_fields["pull"].annotation)

    assert set(get_args(named)) == set(sources.KINDS)


@pytest.mark.parametrize("kind", sources.KINDS)
def test_a_pull_takes_what_every_pull_takes(kind: str) -> None:
    told = inspect.signature(sources.KINDS[kind]).parameters

    assert list(told) == ["engine", "name", "location", "how"]


@pytest.mark.parametrize(("package", "kinds"), [(notifiers, notifiers.KINDS), (sources, sources.KINDS)], ids=["notifiers", "sources"])
def test_a_kind_is_a_file_of_its_own_name(package: object, kinds: dict[str, object]) -> None:
    folder = Path(package.__file__).parent

    assert all((folder / f"{kind}.py").is_file() and import_module(f"{package.__name__}.{kind}").__doc__ for kind in kinds)
