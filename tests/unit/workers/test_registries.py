"""Each registry offers what the settings may name, and nothing else: whoever adds a kind is led to both places."""

import inspect
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from workers import notifiers, sources
from workers.alert_settings import Notifier
from workers.settings import SourceSettings

_NOTIFIERS = {kind: Notifier(kind=kind, url="http://127.0.0.1:9/") for kind in get_args(Notifier.model_fields["kind"].annotation)}


def test_every_notifier_of_the_settings_is_in_the_registry_and_the_reverse() -> None:
    assert set(_NOTIFIERS) == set(notifiers.KINDS)


@pytest.mark.parametrize("kind", _NOTIFIERS)
def test_a_notifier_is_made_of_its_settings_and_told_by_keyword(kind: str) -> None:
    made = notifiers.make(_NOTIFIERS[kind])

    told = inspect.signature(made.notify).parameters

    assert list(told) == ["message", "delivery"]
    assert told["delivery"].kind is inspect.Parameter.KEYWORD_ONLY


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
