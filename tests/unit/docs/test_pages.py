"""What pages say that exists: commands, options, make targets, settings, files."""

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_OPERATORS = {"|", "&&", ";", ">", "<", "||", ">>", "&"}


@pytest.fixture
def page(request: pytest.FixtureRequest) -> str:
    return (ROOT / request.param).read_text()


@pytest.mark.parametrize("page", PAGES, indirect=True)
def test_command_lines_name_commands_and_options_that_exist(page: str, fault_of: Callable[[Sequence[str]], str | None]) -> None:
    faults = [
        (shlex.join(words), fault) for words in _commands(page) if words[0] == "bellwether" for fault in [fault_of(words[1:])] if fault
    ]

    assert faults == []


@pytest.mark.parametrize("page", PAGES, indirect=True)
def test_prose_names_commands_that_exist(page: str, fault_of: Callable[[Sequence[str]], str | None]) -> None:
    named = [words.split() for words in re.findall(r"`bellwether ([a-z][a-z -]*)`", page)]

    assert [fault for words in named for fault in [fault_of(words)] if fault] == []


@pytest.mark.parametrize("page", PAGES, indirect=True)
def test_make_targets_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {words[1] for words in _commands(page) if words[0] == "make" and len(words) > 1} | set(re.findall(r"`make ([a-z-]+)`", page))

    assert named <= targets


@pytest.mark.parametrize("page", PAGES, indirect=True)
def test_variables_are_settings(page: str, generator: ModuleType) -> None:
    known = import_module("pages.settings").variables()
    named = set(re.findall(r"\bBELLWETHER_[A-Z0-9_]*[A-Z0-9]\b", page)) - {"BELLWETHER_TEST_POSTGRES_URL", "BELLWETHER_TEST_REDIS_URL"}

    assert [name for name in named if not any(re.fullmatch(one.replace("NAME", r"\w+?"), name) for one in known)] == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / name).read_text(), flags=re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith(("http://", "https://"))]

    assert [link for link in links if not _leads_somewhere(link, (ROOT / name))] == []


@pytest.mark.parametrize("page", PAGES, indirect=True)
def test_files_named_in_prose_exist(page: str) -> None:
    named = set(re.findall(r"`((?:pipelines|db|workers|tests|docs|docker)/[\w./-]*\w/?)`", page))

    made_by_hand = {"docker/.env"}
    assert [name for name in named - made_by_hand if not _is_kept(ROOT / name)] == []


def _commands(page: str) -> Iterator[list[str]]:
    """Yield the words of every command in a page's fenced blocks; in `console` blocks only what follows a prompt is one."""
    for language, block in re.findall(r"^ *```(console|bash)\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE):
        lines = block.replace("\\\n", " ").splitlines()
        if language == "console":
            lines = [line.strip()[2:] for line in lines if line.strip().startswith("$ ")]
        for line in lines:
            yield from _split(line)


def _split(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word not in _OPERATORS:
            words.append(word)
            continue
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words:
            yield words[words.index("bellwether") :] if "bellwether" in words else words
        words = []


def _is_kept(path: Path) -> bool:
    """Tell whether a file is there, or a folder that holds one: Git keeps no other."""
    return path.is_file() or any(one.is_file() and one.suffix != ".pyc" for one in path.rglob("*"))


def _leads_somewhere(link: str, page: Path) -> bool:
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return False
    if not anchor or target.suffix != ".md":
        return True
    headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
    return anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
