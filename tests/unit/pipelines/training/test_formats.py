"""Every format gives the same rows, and says by name and row what can't be read."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.training.formats import BadRowError, read_rows

ROWS: list[dict[str, Any]] = [
    {"text": "the card, it's late\nagain", "label": "card"},
    {"text": 'a "fee"', "label": "fee", "source": "mail"},
]


def as_json_lines(folder: Path) -> Path:
    path = folder / "topics_desk.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)) + "\n\n")
    return path


def as_gzipped_json_lines(folder: Path) -> Path:
    path = folder / "topics_desk.train.jsonl.gz"
    path.write_bytes(gzip.compress(as_json_lines(folder).read_bytes()))
    return path


def as_json_list(folder: Path) -> Path:
    path = folder / "topics_desk.json"
    path.write_text(json.dumps(ROWS, indent=1))
    return path


def as_spreadsheet_csv(folder: Path) -> Path:
    path = folder / "desk.csv"
    path.write_text(
        'text,label,source\r\n"the card, it\'s late\nagain",card,\r\n"a ""fee""",fee,mail\r\n', encoding="utf-8-sig", newline=""
    )
    return path


def as_tab_separated(folder: Path) -> Path:
    path = folder / "desk.tsv"
    path.write_text('text\tlabel\tsource\n"the card, it\'s late\nagain"\tcard\t\n"a ""fee"""\tfee\tmail\n')
    return path


def as_parquet(folder: Path) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    path = folder / "desk.parquet"
    parquet.write_table(pa.Table.from_pylist(ROWS, schema=pa.schema([(name, pa.string()) for name in ("text", "label", "source")])), path)
    return path


def as_parquet_folder(folder: Path) -> Path:
    (folder / "set" / "data").mkdir(parents=True)
    as_parquet(folder).rename(folder / "set" / "data" / "train-00000.parquet")
    return folder / "set"


def as_saved_dataset(folder: Path) -> Path:
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["fee", "card"]), "source": Value("string")})
    rows = {"text": [row["text"] for row in ROWS], "label": [1, 0], "source": [None, "mail"]}
    DatasetDict({"train": Dataset.from_dict(rows, features=features)}).save_to_disk(folder / "saved")
    return folder / "saved"


@pytest.mark.parametrize(
    "write",
    [
        as_json_lines,
        as_gzipped_json_lines,
        as_json_list,
        as_spreadsheet_csv,
        as_tab_separated,
        as_parquet,
        as_parquet_folder,
        as_saved_dataset,
    ],
)
def test_read_rows_reads_the_same_rows_from_every_format(write: Callable[[Path], Path], tmp_path: Path) -> None:
    path = write(tmp_path)

    rows = [dict(values) for _, values in read_rows(path)]

    assert rows == ROWS


def test_read_rows_numbers_csv_as_a_spreadsheet_does(tmp_path: Path) -> None:
    numbers = [number for number, _ in read_rows(as_spreadsheet_csv(tmp_path))]

    assert numbers == [2, 3]


def test_read_rows_reads_spans_from_a_csv_cell(tmp_path: Path) -> None:
    path = tmp_path / "entities.csv"
    path.write_text('text,entities\nTim Cook,"[{""start"": 0, ""end"": 8, ""label"": ""PER""}]"\n')

    [(_, row)] = read_rows(path)

    assert row["entities"] == [{"start": 0, "end": 8, "label": "PER"}]


def test_read_rows_turns_tagged_tokens_into_spans(tmp_path: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, List, Value

    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=["O", "B-PER", "I-PER", "B-LOC"]))})
    rows = {"tokens": [["Tim", "Cook", "left", "London"]], "ner_tags": [[1, 2, 0, 3]]}
    Dataset.from_dict(rows, features=features).save_to_disk(tmp_path / "entities")

    [(_, row)] = read_rows(tmp_path / "entities")

    assert [row["text"][span["start"] : span["end"]] for span in row["entities"]] == ["Tim Cook", "London"]
    assert [span["label"] for span in row["entities"]] == ["PER", "LOC"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.jsonl", b'{"text": "x"}\n{"text"', "a.jsonl, row 2: not JSON"),
        ("a.jsonl", b"[1]\n", "a.jsonl, row 1: not a JSON object"),
        ("a.json", b'{"text": "x"}', "not a list of objects"),
        ("a.csv", b"body,label\nx,y\n", "a.csv, row 1: no column `text`, but body, label"),
        ("a.csv", b"", "a.csv, row 1: no column `text`, but nothing"),
        ("a.csv", b"text,label\na,b,c\n", "a.csv, row 2: more cells"),
        ("a.csv", b"text,entities\na,[\n", "a.csv, row 2: `entities` is not JSON"),
        ("a.csv", "text,label\nnaïve,b\n".encode("latin-1"), "a.csv, after row 0: not UTF-8"),
        ("a.jsonl.gz", b"plain", "not a whole gzip file"),
        ("a.xlsx", b"", "no format is known by that name"),
        ("a.parquet", b"PAR", "not readable as Parquet"),
    ],
)  # fmt: skip
def test_read_rows_says_what_it_can_not_read(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(BadRowError) as error:
        list(read_rows(tmp_path / name))

    assert told in str(error.value)


def test_read_rows_refuses_a_folder_without_a_data_set(tmp_path: Path) -> None:
    with pytest.raises(BadRowError, match="neither a data set"):
        list(read_rows(tmp_path))


@given(st.lists(st.text(min_size=1).filter(lambda text: "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text))))
def test_read_rows_gives_any_text_back_from_csv(texts: list[str]) -> None:
    import csv
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([["text"], *([text] for text in texts)])

        found = [values["text"] for _, values in read_rows(path)]

    assert found == texts
