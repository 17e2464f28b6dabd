import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def dockerfile(root: Path) -> str:
    return (root / "docker" / "Dockerfile").read_text()


@pytest.fixture
def stages(dockerfile: str) -> dict[str, str]:
    parts = re.split(r"^FROM \S+ AS (\S+)$", dockerfile, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_hadolint_finds_nothing(root: Path) -> None:
    hadolint = Path(sys.executable).parent / "hadolint"

    ended = subprocess.run([hadolint, root / "docker" / "Dockerfile"], capture_output=True, text=True, check=False)

    assert ended.stdout + ended.stderr == ""


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_a_target_runs_as_nobody_in_particular_and_is_watched(stages: dict[str, str], target: str) -> None:
    assert re.search(r"^USER 10001:10001$", stages[target], re.MULTILINE)
    assert "HEALTHCHECK" in stages[target]


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_a_target_only_copies_what_other_stages_built(dockerfile: str, stages: dict[str, str], target: str) -> None:
    assert f"FROM runtime AS {target}" in dockerfile
    assert all("--from=" in line for line in stages[target].splitlines() if line.startswith("COPY"))
    assert "RUN" not in stages[target]


def test_what_is_installed_is_pinned(stages: dict[str, str]) -> None:
    installs = re.findall(r"pip.*? install (.*)", "\n".join(stages.values()).replace("\\\n", " "))

    assert installs
    assert all("--constraint constraints.txt" in one or "--no-index" in one for one in installs)


def test_the_two_targets_get_torch_at_the_pinned_version_for_their_device(stages: dict[str, str], root: Path) -> None:
    assert "+cpu" in stages["torch-cpu"]
    assert "+cpu" not in stages["torch-gpu"]
    assert re.search(r"^torch==[\d.]+$", (root / "constraints.txt").read_text(), re.MULTILINE)


def test_our_own_code_is_copied_after_the_dependencies(stages: dict[str, str]) -> None:
    assert "COPY pyproject.toml constraints.txt ./" in stages["dependencies"]
    assert not re.search("^COPY (pipelines|db|workers)", stages["dependencies"], re.MULTILINE)


def test_whatever_is_copied_reaches_the_builder(root: Path, dockerfile: str) -> None:
    sent = {line[1:].rstrip("/") for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {word.rstrip("/") for line in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.MULTILINE) for word in line.split()}

    assert copied == sent
    assert all((root / one).exists() for one in copied)
