from pathlib import Path

from workers.children import Child
from workers.nodes import own_names


def worker(name: str = "analyze-cpu@here") -> Child:
    return Child(name, ["celery", "-n", name, "-c", "2"], {})


def test_own_names_leave_the_first_holder_its_name(tmp_path: Path) -> None:
    first = worker()

    with own_names([first], folder=tmp_path / "nodes"):
        assert first.name == "analyze-cpu@here"


def test_own_names_number_whoever_comes_second(tmp_path: Path) -> None:
    first, second, third = worker(), worker(), worker()

    with own_names([first], folder=tmp_path), own_names([second, third], folder=tmp_path):
        assert (second.name, third.name) == ("analyze-cpu-2@here", "analyze-cpu-3@here")
        assert second.command == ["celery", "-n", "analyze-cpu-2@here", "-c", "2"]


def test_own_names_are_free_again_after_their_holder(tmp_path: Path) -> None:
    later = worker()
    with own_names([worker()], folder=tmp_path):
        pass

    with own_names([later], folder=tmp_path):
        assert later.name == "analyze-cpu@here"


def test_own_names_do_without_a_folder_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    one = worker()

    with own_names([one], folder=tmp_path / "file" / "nodes"):
        assert one.name == "analyze-cpu@here"
