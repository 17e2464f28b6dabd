import resource
import subprocess
import sys

import pytest

from workers.cli import COMMANDS, load

_HEAVY = ("torch", "transformers", "pandas", "pyarrow", "sqlalchemy", "celery", "fastapi", "pydantic")


def test_help_lists_every_command_without_loading_anything_heavy() -> None:
    code = (
        "import sys\nfrom workers.cli import main\nsys.argv = ['bellwether', '--help']\n"
        f"try:\n    main()\nexcept SystemExit:\n    pass\nprint('HEAVY', [m for m in {_HEAVY} if m in sys.modules])"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert all(f" {name} " in shown for name in COMMANDS)
    assert "HEAVY []" in shown


def test_help_costs_little_processor_time() -> None:
    # Processor time, not the clock: neighbours do not count. The bound is 0.6 s.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    subprocess.run([sys.executable, "-m", "workers.cli", "--help"], capture_output=True, check=True)

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 0.6


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_registry_loads_and_has_help(name: str) -> None:
    command = load(name)

    assert command.help


def test_an_unknown_command_suggests_the_nearest() -> None:
    ended = subprocess.run([sys.executable, "-m", "workers.cli", "anlyze"], capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "analyze" in ended.stderr


def test_no_stack_ends_with_the_code_for_unreachable_and_the_next_step() -> None:
    ended = subprocess.run([sys.executable, "-m", "workers.cli", "jobs", "list"], capture_output=True, text=True, check=False)

    assert ended.returncode == 4
    assert "bellwether up" in ended.stderr
