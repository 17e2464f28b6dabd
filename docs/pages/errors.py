"""Exit codes, HTTP statuses, and the codes kept in quarantine."""

import ast
from pathlib import Path
from typing import Any

from pages.markdown import table

ROOT = Path(__file__).parents[2]

REASONS = {
    "bad_field": "A field has the wrong type, is too long, or holds a value that is not allowed; the detail names it.",
    "bad_time": "`published_at` can't be read as a time; ISO 8601 with an offset always can.",
    "broken_archive": "The compressed file ends early or is damaged; what came before the damage is stored.",
    "broken_csv": "The line can't be read as CSV: its quotes or its number of columns don't fit.",
    "broken_json": "The line is not JSON.",
    "crashed_worker": "The process that analysed this record alone died, as often as `ledger.max_attempts` allows.",
    "failed": "The analysis failed without an error that has a code of its own; the detail says more.",
    "no_text": "The record has no text, or only white space.",
    "not_an_object": "The line is JSON, but not an object.",
    "not_utf8": "The bytes are not UTF-8; convert the file.",
    "timed_out": "The analysis of this record alone took longer than `ledger.task_time_limit`, as often as `ledger.max_attempts` allows.",
    "too_large": "The record is longer than `intake.max_record_bytes`.",
}
"""What intake and the sweep write to quarantine; the codes of `pipelines.errors` are described there."""


def errors_page() -> str:
    """Return exit codes, HTTP statuses, and the codes kept in quarantine."""
    from workers.api.problems import BASE, TYPES
    from workers.errors import BellwetherError, Exit

    exits = [(f"`{int(one)}`", one.name.lower().replace("_", " "), EXITS[one.name]) for one in Exit]
    problems = [(f"`{BASE}{slug}`", meaning) for slug, meaning in TYPES.items()]
    told = [(f"`{one.__name__}`", str(one.status), f"`{int(one.exit_code)}`", _first_line(one)) for one in _tree(BellwetherError)]
    reasons = [(f"`{code}`", REASONS.get(code) or analysis_reasons()[code]) for code in sorted(REASONS.keys() | analysis_reasons().keys())]
    return "\n\n".join(
        [
            "# Errors",
            "## Exit codes",
            table(["code", "name", "when"], exits),
            "## Errors of commands and of HTTP",
            table(["error", "status", "exit code", "meaning"], told),
            "## Problems of HTTP",
            "An error is answered with a problem (RFC 9457, `application/problem+json`); its `detail` names the next step.",
            table(["type", "meaning"], problems),
            "## Reasons in quarantine",
            REASONS_INTRODUCTION.strip(),
            table(["reason", "meaning"], reasons),
        ]
    )


REASONS_INTRODUCTION = """
`reason` holds one of these codes, which are stable; `detail` says more. A record whose analysis failed alone, again and again,
with an error that is none of ours, has that error's name as its code, such as `value_error`.
"""

EXITS = {
    "DONE": "Everything asked for was done; sending known records again is done, too.",
    "FAILED": "Something failed; the message names the next step.",
    "USAGE": "The command, an option or a setting is wrong.",
    "PARTIAL": "Done, but some lines or records went to quarantine.",
    "UNREACHABLE": "The broker or the database does not answer.",
    "TIMED_OUT": "The wait is over; the work goes on.",
}


def _tree(root: type[Exception]) -> list[type[Any]]:
    return [root, *(below for one in root.__subclasses__() if one.__module__ == root.__module__ for below in _tree(one))]


def _first_line(one: type) -> str:
    return (one.__doc__ or "").strip().splitlines()[0]


def analysis_reasons() -> dict[str, str]:
    """Return the codes and descriptions of the errors that put a record in quarantine."""
    from pipelines.errors import PipelineError

    return {one().reason: _first_line(one) for one in _tree(PipelineError) if not one.__subclasses__()}


def raised_reasons() -> set[str]:
    """Return every code that the code gives to `Unreadable` or `Reject` as a literal."""
    found = set()
    for path in [*(ROOT / "workers").rglob("*.py"), *(ROOT / "db").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Unreadable", "Reject"}:
                found |= {one.value for one in _reason_of(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


def _reason_of(call: ast.Call) -> list[ast.expr]:
    assert isinstance(call.func, ast.Name)
    given = [one.value for one in call.keywords if one.arg == "reason"]
    return given or (call.args[:1] if call.func.id == "Unreadable" else [])
