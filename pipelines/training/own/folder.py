"""A run's folder: what makes a run the same run, and the refusal to mix two; what its files hold is left to those who write them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.errors import PipelineError
from pipelines.training.own.options import Options

CONFIG = "config.json"
VERSION = 1
"""Raised when a run made by older code could not be taken up to the same end."""


class OtherRun(PipelineError):
    """The folder holds another run; the message says what differs and what to do."""


def describe_run(
    options: Options, *, base: str, revision: str, files: Mapping[str, Sequence[Path]], labels: Sequence[str], n_rows: Mapping[str, int]
) -> dict[str, Any]:
    """Say all that decides how a run ends: `files` and `n_rows` go by what they are for."""
    return {
        "version": VERSION,
        "options": asdict(options),
        "base": {"name": base, "revision": revision},
        "data": {use: [{"name": path.name, "sha256": digest_of(path)} for path in paths] for use, paths in files.items() if paths},
        "labels": list(labels),
        "n_rows": dict(n_rows),
    }


def name_of(run: Mapping[str, Any]) -> str:
    """Return eight hexadecimal digits that two runs share only if they are the same."""
    return hashlib.sha256(json.dumps(run, sort_keys=True).encode()).hexdigest()[:8]


def claim_folder(folder: Path, run: Mapping[str, Any]) -> bool:
    """Make a folder the run's own, or find that it is already: True if there is something to go on with. OtherRun if it is not."""
    path = folder / CONFIG
    if not path.exists():
        if folder.is_dir() and any(folder.iterdir()):
            raise OtherRun(f"{folder} holds files, but no run; give a new folder as --out")
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
        unfinished.replace(path)
        return False
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        raise OtherRun(f"{path} can't be read ({problem}); give a new folder as --out") from problem
    if there.get("version") != VERSION:
        found = there.get("version")
        raise OtherRun(f"{folder} holds a run of version {found}, and this Bellwether goes on with {VERSION}: give a new folder as --out")
    if differences := list(_differences(there, dict(run))):
        raise OtherRun(f"{folder} holds another run: {'; '.join(differences)}. Give a new folder as --out, or the same options to go on")
    return True


def digest_of(path: Path) -> str:
    """Return the sha256 of a file, or of a folder's files in order; of the address itself for what is not on this machine."""
    digest = hashlib.sha256()
    if not path.exists():
        digest.update(str(path).encode())
    for file in sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path] * path.exists():
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _differences(there: Any, here: Any, where: str = "") -> list[str]:
    if isinstance(there, dict) and isinstance(here, dict):
        names = dict.fromkeys([*there, *here])
        return [line for name in names for line in _differences(there.get(name), here.get(name), f"{where} {name}".strip())]
    if there == here:
        return []
    if isinstance(there, list) or "sha256" in where:
        return [f"{where} is not what it was"]
    return [f"{where.removeprefix('options ')} was {there}, not {here}"]
