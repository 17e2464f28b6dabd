"""The generator of the reference, as its own run imports it."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="session")
def generator() -> Iterator[ModuleType]:
    """Yield docs/generate.py as a module; its pages are `generator.errors` and so on only through their own imports."""
    sys.path.insert(0, str(DOCS))
    yield importlib.import_module("generate")
    sys.path.remove(str(DOCS))
