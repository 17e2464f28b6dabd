from pathlib import Path

import pytest

from pipelines.catalog import BellwetherEntry, HuggingFaceEntry, read_catalog
from pipelines.errors import ModelUnavailable


def written(folder: Path, text: str) -> Path:
    path = folder / "catalog.toml"
    path.write_text(text)
    return path


def test_read_catalog_knows_the_shipped_model() -> None:
    catalog = read_catalog()

    entry = catalog.entry("default")

    assert isinstance(entry, BellwetherEntry)
    assert catalog.place(entry.path).is_dir()


def test_read_catalog_adds_the_users_models_to_the_shipped_ones(tmp_path: Path) -> None:
    path = written(tmp_path, '[models.own]\nkind = "bellwether"\npath = "weights"\n')

    catalog = read_catalog(path)

    own, shipped = catalog.entry("own"), catalog.entry("default")
    assert isinstance(own, BellwetherEntry)
    assert isinstance(shipped, BellwetherEntry)
    assert catalog.place(own.path) == tmp_path / "weights"
    assert catalog.place(shipped.path).is_dir()


def test_read_catalog_reads_roles_of_a_hugging_face_entry(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"""
        [models.hub]
        kind = "huggingface"
        sentiment = {{ id = "a/b", revision = "{"0" * 40}", labels = {{ LABEL_0 = "negative" }} }}
        topics = {{ path = "topics", taxonomy = "complaints" }}
        """,
    )

    entry = read_catalog(path).entry("hub")

    assert isinstance(entry, HuggingFaceEntry)
    assert entry.sentiment.labels == {"LABEL_0": "negative"}
    assert entry.topics is not None
    assert entry.topics.taxonomy == "complaints"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("models = [", "can't be read"),
        ('[models.x]\nkind = "onnx"\npath = "p"\n', "kind"),
        ('[models.x]\nkind = "bellwether"\npath = "p"\nspeed = 3\n', "speed"),
        ('[models.x]\nkind = "huggingface"\nsentiment = { id = "a/b" }\n', "revision"),
        ('[models.x]\nkind = "huggingface"\nsentiment = { id = "a/b", revision = "main" }\n', "revision"),
        ('[models.x]\nkind = "huggingface"\nsentiment = { id = "a/b", path = "c" }\n', "either"),
        ('[models.x]\nkind = "huggingface"\nsentiment = { path = "c" }\ntopics = { path = "d" }\n', "taxonomy"),
    ],
)
def test_read_catalog_says_what_is_wrong(text: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=fault):
        read_catalog(written(tmp_path, text))


def test_entry_lists_the_names_there_are() -> None:
    with pytest.raises(ModelUnavailable, match="the catalog has default"):
        read_catalog().entry("nonesuch")


def test_entry_takes_a_model_folder_for_a_name(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")

    entry = read_catalog().entry(str(tmp_path))

    assert isinstance(entry, BellwetherEntry)
    assert entry.path == tmp_path


def test_catalog_tells_the_taxonomies_that_a_model_brings(tmp_path: Path) -> None:
    models = """
        [models.own]
        kind = "bellwether"
        path = "own"
        [models.away]
        kind = "bellwether"
        path = "away"
        [models.hub]
        kind = "huggingface"
        sentiment = { path = "sentiment" }
        topics = { path = "topics", taxonomy = "desk" }
        [models.bare]
        kind = "huggingface"
        sentiment = { path = "sentiment" }
    """
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "config.json").write_text('{"heads": {"sentiment_news": [], "topics_desk": [], "topics_mail": []}}')

    catalog = read_catalog(written(tmp_path, models))

    brought = {name: catalog.taxonomies(name) for name in ("own", "away", "hub", "bare")}
    assert brought == {"own": {"desk", "mail"}, "away": set(), "hub": {"desk"}, "bare": set()}
    assert "banking77" in catalog.taxonomies("default")
