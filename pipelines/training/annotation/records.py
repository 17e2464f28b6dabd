"""Read records that nobody labelled yet; which of them to ask about is left to `picking`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.text.normalize import normalize
from pipelines.text.redact import mask
from pipelines.training.formats import BadRowError, read_rows

KEPT = ("id", "source", "language", "at")
"""What else of a record travels along, so that figures can be sliced by it later."""


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """A record's text as people will see it, its row in its file, and what travels along."""

    text: str
    row: int
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pool:
    """The records to choose from; `n_empty` had no text, `n_twice` one that stood there before or is labelled already."""

    records: list[Unlabelled]
    n_empty: int
    n_twice: int


def read_pool(paths: Iterable[Path], *, labelled: Iterable[Path] = (), limit: int | None = None, is_masked: bool = True) -> Pool:
    """Read up to `limit` records with a `text`, each text once and none that a file of `labelled` holds.

    Masked, a text shows no e-mail address, telephone, IBAN or card number: no annotator needs them, and no model reads them.
    BadRowError if no row holds a text.
    """
    known = {_key(values.get("text")) for path in labelled for _, values in read_rows(path)}
    records: list[Unlabelled] = []
    n_empty = n_twice = 0
    for row, values in (one for path in paths for one in read_rows(path)):
        text = values.get("text")
        if not isinstance(text, str) or not _key(text):
            n_empty += 1
            continue
        shown = mask(text) if is_masked else text
        if {_key(text), _key(shown)} & known:
            n_twice += 1
            continue
        known |= {_key(text), _key(shown)}
        records.append(Unlabelled(shown, row, {name: values[name] for name in KEPT if values.get(name) not in (None, "")}))
        if len(records) == limit:
            break
    if not records:
        raise BadRowError(
            f"no record to choose from: {n_empty:,} rows have no `text`, {n_twice:,} are labelled already or stand there twice"
        )
    return Pool(records, n_empty, n_twice)


def _key(text: object) -> str:
    return " ".join(normalize(text).text.lower().split()) if isinstance(text, str) else ""
