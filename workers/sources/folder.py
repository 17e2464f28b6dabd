"""A folder that files are dropped into: each is taken in once, then moved to `done/`, or to `failed/` with the reason beside it."""

import hashlib
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine

from workers.errors import UsageError
from workers.intake import submit
from workers.readers import format_of, open_rows
from workers.readers.mapping import mapped_rows
from workers.receipt import Receipt
from workers.settings import settings
from workers.sources.pulled import Pulled

SETTLED_AFTER = timedelta(seconds=2)
"""A file changed more recently may still be written; better, write elsewhere and move it in."""

_log = structlog.get_logger("bellwether.sources.folder")


def pull(engine: Engine, name: str, *, location: str, how: dict[str, Any]) -> Pulled:
    """Take in every settled file of the folder, the oldest first; raise UsageError if there is no such folder.

    A crash between commit and move takes the file in again, which changes nothing: its job is known by name and content.
    """
    folder = Path(location)
    if not folder.is_dir():
        raise UsageError(f"[sources.{name}] names the folder {folder}, which is not there; create it.")
    pulled = Pulled()
    for path in waiting_files(folder):
        try:
            pulled = pulled.plus(_take(engine, name, path, how))
            _move(path, folder / "done")
        except (UsageError, OSError) as error:
            _log.warning("file not readable", source=name, file=path.name, error=str(error))
            _set_aside(path, folder / "failed", reason=str(error))
            pulled = pulled.failed()
    return pulled


def waiting_files(folder: Path) -> list[Path]:
    """Return the files to take, the oldest first: of a known format, not hidden, and not changed just now."""
    newest = time.time() - SETTLED_AFTER.total_seconds()
    found = [
        (path.stat().st_mtime, path.name, path)
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and format_of(path.name)
    ]
    return [path for changed, _, path in sorted(found) if changed <= newest]


def _take(engine: Engine, name: str, path: Path, how: dict[str, Any]) -> Receipt:
    with path.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").digest()
    is_table = format_of(path.name) != "jsonl"
    with open_rows(str(path), max_bytes=settings().intake.max_record_bytes) as rows:
        found = mapped_rows(rows, mapping=settings().sources[name].map, fixed_columns=is_table)
        key = f"folder:{name}:{path.name}:{content.hex()}"
        return submit(engine, found, **how, idempotency_key=key, request_hash=content)


def _move(path: Path, folder: Path) -> Path:
    """Move the file into `folder`, under another name where its own is taken."""
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    number = 1
    while target.exists():
        number += 1
        target = folder / f"{number}-{path.name}"
    return path.rename(target)


def _set_aside(path: Path, folder: Path, *, reason: str) -> None:
    moved = _move(path, folder)
    moved.with_name(f"{moved.name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
