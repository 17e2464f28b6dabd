"""What the image installs: the wheel, built from just what the builder is sent."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

_PACKAGES = ("pipelines", "db", "workers")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, work = Path(__file__).parents[3], tmp_path_factory.mktemp("wheel")
    (work / "source").mkdir()
    sent = [line[1:].rstrip("/") for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for name in sent:
        if (root / name).is_dir():
            shutil.copytree(root / name, work / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(root / name, work / "source" / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", work / "wheels", "."]
    subprocess.run(build, cwd=work / "source", check=True, capture_output=True)
    [made] = (work / "wheels").glob("*.whl")
    return made


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    source = wheel.parents[1] / "source"
    kept = {path.relative_to(source).as_posix() for package in _PACKAGES for path in (source / package).rglob("*") if path.is_file()}

    with ZipFile(wheel) as archive:
        assert kept - set(archive.namelist()) == set()


def test_the_wheel_runs_from_anywhere(wheel: Path, tmp_path: Path) -> None:
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")

    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); import workers.cli; print(workers.__file__, flush=True); workers.cli.main()"
    command = [sys.executable, "-P", "-c", code, tmp_path / "site", "--version"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    place, told = ended.stdout.split("\n", 1)
    assert Path(place).is_relative_to(tmp_path)
    assert told.startswith("bellwether 0.")
