from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from pipelines.errors import ModelUnavailable
from pipelines.records import Analysis, Document, Kind
from workers import analyst as module
from workers.analyst import analyst, load_analyzer, pick_device
from workers.settings import settings


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    module._load.cache_clear()
    yield
    module._load.cache_clear()


@pytest.mark.usefixtures("tiny_engine")
def test_analyst_is_loaded_once_and_says_what_it_is() -> None:
    with capture_logs() as logs:
        first = analyst()
        second = analyst()

    assert first is second
    [line] = [entry for entry in logs if entry["event"] == "analyst.ready"]
    assert (line["model"], line["device"], line["n_threads"], line["replicas"]) == ("tiny", "cpu", 1, "auto")
    assert line["dtype"] in {"float32", "bfloat16"}
    assert line["load_s"] > 0
    [outcome] = first.analyze([Document(5, Kind.SUPPORT, "my card was late", "complaints")])
    assert isinstance(outcome, Analysis)
    assert outcome.model.name == "tiny"


@pytest.mark.usefixtures("tiny_engine")
def test_load_analyzer_takes_budget_and_overlap_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_ENGINE__TOKEN_BUDGET", "512")
    monkeypatch.setenv("BELLWETHER_ENGINE__WINDOW_OVERLAP", "7")
    settings.cache_clear()

    analyzer = load_analyzer(settings().engine)

    assert (analyzer.token_budget, analyzer.window_overlap) == (512, 7)


def test_load_analyzer_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_ENGINE__MODEL", "nosuch")
    settings.cache_clear()

    with pytest.raises(ModelUnavailable, match="no model is called 'nosuch'"):
        load_analyzer(settings().engine)


@pytest.mark.parametrize(("asked", "expected"), [("cpu", {"cpu"}), ("cuda:3", {"cuda:3"}), ("auto", {"cpu", "cuda:0"})])
def test_pick_device_takes_a_name_as_it_is_and_auto_as_what_there_is(asked: str, expected: set[str]) -> None:
    assert pick_device(asked) in expected
