"""A folder belongs to one run; what differs is said, and nothing of another run is touched."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.training.own.folder import OtherRun, claim_folder, describe_run, name_of
from pipelines.training.own.options import Method, options_for


def describe(data: Path, **asked: Any) -> dict[str, Any]:
    options = options_for("topics_desk", Method.HEAD, **asked)
    return describe_run(options, base="default", revision="1" * 12, files={"train": [data]}, labels=["a"], n_rows={"train": 1})


def test_claim_folder_goes_on_with_the_same_run(rows_file: Callable[[str], Path], tmp_path: Path) -> None:
    run = describe(rows_file("topics_desk"))

    first, second = claim_folder(tmp_path / "run", run), claim_folder(tmp_path / "run", describe(rows_file("topics_desk")))

    assert (first, second) == (False, True)


def test_claim_folder_says_what_differs(rows_file: Callable[[str], Path], tmp_path: Path) -> None:
    data = rows_file("topics_desk")
    claim_folder(tmp_path / "run", describe(data))

    with pytest.raises(OtherRun, match=r"another run: seed was 17, not 18\. Give a new folder as --out"):
        claim_folder(tmp_path / "run", describe(data, seed=18))


def test_claim_folder_notices_that_rows_changed(rows_file: Callable[[str], Path], tmp_path: Path) -> None:
    data = rows_file("topics_desk")
    before = describe(data)
    claim_folder(tmp_path / "run", before)
    data.write_text(data.read_text() + '{"text": "new", "label": "card"}\n')

    with pytest.raises(OtherRun, match="data train is not what it was"):
        claim_folder(tmp_path / "run", describe(data))

    assert name_of(before) != name_of(describe(data))


@pytest.mark.parametrize(("text", "told"), [('{"version": 0}', "holds a run of version 0"), ("{", "can't be read")])
def test_claim_folder_refuses_a_run_of_another_version(text: str, told: str, rows_file: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)

    with pytest.raises(OtherRun, match=told):
        claim_folder(tmp_path, describe(rows_file("topics_desk")))

    assert (tmp_path / "config.json").read_text() == text


def test_claim_folder_leaves_other_files_alone(rows_file: Callable[[str], Path], tmp_path: Path) -> None:
    data = rows_file("topics_desk")

    with pytest.raises(OtherRun, match="holds files, but no run"):
        claim_folder(data.parent, describe(data))

    assert not (data.parent / "config.json").exists()
    assert json.loads(data.read_text().splitlines()[0])
