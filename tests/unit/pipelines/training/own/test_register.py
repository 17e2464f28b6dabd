"""A catalogue of one's own keeps what people wrote in it, and every model that a name ever meant."""

from pathlib import Path

import pytest

from pipelines.catalog import read_catalog
from pipelines.training.own.register import BadCatalog, register_model


def make_model(folder: Path, weights: bytes) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(weights)
    return folder


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return tmp_path / "catalog.toml"


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return make_model(tmp_path / "runs" / "first" / "model", b"1")


@pytest.fixture
def second(tmp_path: Path) -> Path:
    return make_model(tmp_path / "runs" / "second" / "model", b"2")


def test_register_model_makes_a_catalogue_that_can_be_read(first: Path, catalog: Path) -> None:
    entered = register_model("desk", first, catalog=catalog)

    found = read_catalog(catalog)
    assert found.place(found.entry("desk").path) == first  # type: ignore[union-attr]
    assert (entered.kept_as, len(entered.revision)) == ("", 12)


def test_register_model_keeps_comments_and_other_models(first: Path, catalog: Path) -> None:
    catalog.write_text('# ours\n[models.other]  # an old one\nkind = "bellwether"\npath = "/srv/other"\n')

    register_model("desk", first, catalog=catalog)

    assert catalog.read_text().startswith('# ours\n[models.other]  # an old one\nkind = "bellwether"\npath = "/srv/other"\n')
    assert {"other", "desk"} < set(read_catalog(catalog).models)


def test_register_model_keeps_the_model_before_under_its_revision(first: Path, second: Path, catalog: Path) -> None:
    before = register_model("desk", first, catalog=catalog)

    after = register_model("desk", second, catalog=catalog)

    found = read_catalog(catalog)
    assert after.kept_as == f"desk@{before.revision}"
    assert found.place(found.entry(after.kept_as).path) == first  # type: ignore[union-attr]
    assert found.place(found.entry("desk").path) == second  # type: ignore[union-attr]


def test_register_model_may_go_back_and_forth(first: Path, second: Path, catalog: Path) -> None:
    for folder in (first, second, first, second, first):
        register_model("desk", folder, catalog=catalog)

    found = read_catalog(catalog)
    ours = [name for name in found.models if name.startswith("desk")]
    assert len(ours) == 3  # the name itself, and each model once under its revision
    assert found.place(found.entry("desk").path) == first  # type: ignore[union-attr]


def test_register_model_changes_nothing_for_the_same_model(first: Path, catalog: Path) -> None:
    register_model("desk", first, catalog=catalog)
    text = catalog.read_text()

    entered = register_model("desk", first, catalog=catalog)

    assert (catalog.read_text(), entered.kept_as) == (text, "")


def test_register_model_sets_a_hugging_face_entry_aside(first: Path, catalog: Path) -> None:
    catalog.write_text('[models.desk]\nkind = "huggingface"\n[models.desk.sentiment]\npath = "/srv/sentiment"\n')

    entered = register_model("desk", first, catalog=catalog)

    assert entered.kept_as == "desk@before"
    assert read_catalog(catalog).entry("desk@before").kind == "huggingface"


@pytest.mark.parametrize(
    ("text", "told"),
    [("[models", "can't be read as TOML"), ('models.desk = { kind = "bellwether", path = "x" }\n', "can't be changed by itself")],
)
def test_register_model_leaves_alone_what_it_can_not_change(text: str, told: str, first: Path, catalog: Path) -> None:
    catalog.write_text(text)

    with pytest.raises(BadCatalog, match=told):
        register_model("desk", first, catalog=catalog)

    assert catalog.read_text() == text


@pytest.mark.parametrize("name", ["", "a b", "../x", "-a", 'a"b'])
def test_register_model_refuses_names_that_would_need_quoting(name: str, first: Path, catalog: Path) -> None:
    with pytest.raises(BadCatalog, match="is no name for a model"):
        register_model(name, first, catalog=catalog)
