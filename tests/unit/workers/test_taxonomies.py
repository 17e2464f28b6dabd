import json
from pathlib import Path

import pytest

from workers.errors import UsageError
from workers.settings import settings
from workers.taxonomies import check_taxonomy


@pytest.fixture
def _own_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that name a model with a head for the topics of the desk."""
    (tmp_path / "config.json").write_text(json.dumps({"heads": {"sentiment_news": [], "topics_desk": ["rates"]}}))
    (tmp_path / "catalog.toml").write_text('[models.own]\nkind = "bellwether"\npath = "."\n')
    for name, value in {"MODEL": "own", "CATALOG": str(tmp_path / "catalog.toml")}.items():
        monkeypatch.setenv(f"BELLWETHER_ENGINE__{name}", value)
    settings.cache_clear()


def test_check_taxonomy_takes_what_is_installed_and_none() -> None:
    check_taxonomy("finance-desk")
    check_taxonomy(None)


def test_check_taxonomy_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'finance-desk'.*`bellwether topics list` shows all"):
        check_taxonomy("finance_desk")


@pytest.mark.usefixtures("_own_model")
def test_check_taxonomy_takes_the_topics_that_the_model_brings() -> None:
    check_taxonomy("desk")
    with pytest.raises(UsageError, match="no taxonomy is called 'news'"):
        check_taxonomy("news")


def test_check_taxonomy_refuses_where_the_model_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_ENGINE__MODEL", "nobody")
    settings.cache_clear()

    with pytest.raises(UsageError, match="no taxonomy is called 'desk'"):
        check_taxonomy("desk")
