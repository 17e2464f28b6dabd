import tomllib
from pathlib import Path

import pytest

from pipelines.training.unregister import NotRemoved, forget_model

CATALOG = """\
# Ours.

[models.first]  # keep me
kind = "bellwether"
path = "first"

[models."my.own"]
kind = "huggingface"

[models."my.own".sentiment]
path = "somewhere"

# About the last.
[models.last]
kind = "bellwether"
path = "last"
"""


@pytest.mark.parametrize("name", ["first", "my.own", "last"])
def test_forget_model_removes_that_entry_and_nothing_else(name: str, tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(CATALOG)

    forget_model(name, catalog=path)

    left = tomllib.loads(path.read_text())["models"] if name else {}
    assert set(left) == {"first", "my.own", "last"} - {name}
    assert "# Ours." in path.read_text()


def test_forget_model_may_leave_an_empty_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text('[models.only]\nkind = "bellwether"\npath = "x"')

    forget_model("only", catalog=path)

    assert tomllib.loads(path.read_text()) == {}


def test_forget_model_names_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(CATALOG)

    with pytest.raises(NotRemoved, match=r"no model 'nope'; it has first, last, my\.own"):
        forget_model("nope", catalog=path)


def test_forget_model_leaves_a_file_alone_that_it_does_not_understand(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(text := 'models = { odd = { kind = "bellwether", path = "x" } }\n')

    with pytest.raises(NotRemoved, match="by hand"):
        forget_model("odd", catalog=path)

    assert path.read_text() == text
