"""The libraries that only the workshop needs: imported where used, and named where missing."""

import importlib
from types import ModuleType

from pipelines.errors import PipelineError


class MissingExtra(PipelineError):
    """A library of the workshop is not installed; the message says how to get it."""


def require(name: str, *, wanted_for: str) -> ModuleType:
    """Import a library of the extra `workshop`; MissingExtra if it is not there."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as problem:
        if (problem.name or "").partition(".")[0] != name.partition(".")[0]:
            raise
        raise MissingExtra(f"{wanted_for} needs {name}, which is not installed; run: pip install 'bellwether[workshop]'") from problem
