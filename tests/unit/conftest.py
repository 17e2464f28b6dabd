"""What the tests of documentation and of the images share: does a command line name only what exists?"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer._click.exceptions import ClickException

from workers.cli import COMMANDS, load

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture
def fault_of() -> Callable[[Sequence[str]], str | None]:
    """Say what is wrong with the arguments of a `bellwether` command line, without running it."""
    return _fault_of


def _fault_of(arguments: Sequence[str]) -> str | None:
    if not arguments or arguments[0].startswith("-"):
        return None
    name, *rest = arguments
    if name not in COMMANDS:
        return f"no command {name}"
    try:
        # --help goes first once the options are parsed, so unknown ones are found and nothing is done.
        load(name).main(args=[*rest, "--help"], prog_name=f"bellwether {name}", standalone_mode=False)
    except ClickException as error:
        return error.format_message()
    return None
