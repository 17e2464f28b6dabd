"""Files of labelled rows and the model to ask about them, as several commands of the workshop are given them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workers.cli.common import fail
from workers.errors import Exit

if TYPE_CHECKING:
    from pipelines.model import Model
    from pipelines.training.tasks import Task


def labelled_files(paths: Sequence[Path], *, task: str | None) -> list[tuple[Path, "Task"]]:
    """Give each file its task: the one named or, without a name, that of the file; end with a usage error if there is none."""
    from pipelines.training.tasks import parse_task, task_of

    for path in paths:
        if not str(path).startswith("hf:") and not path.exists():
            fail(f"there is no file {path}", code=Exit.USAGE)
    try:
        return [(path, parse_task(task) if task else task_of(path)) for path in paths]
    except ValueError as problem:
        fail(f"{problem}" if task else f"no file name tells its task ({problem}); or say it with --task", code=Exit.USAGE)


def loaded(name: str, *, device: str, n_threads: int) -> "Model":
    """Load a model by its name in the catalogue, or from its folder."""
    from pipelines.model import load_model
    from workers.settings import settings

    return load_model(name, device=device, n_threads=n_threads, catalog=settings().engine.catalog)
