"""The one text that a command is given: as its argument, from a file, or from standard input."""

import sys
from pathlib import Path

from workers.cli.common import fail
from workers.errors import Exit


def given_text(text: str | None, file: str | None, *, command: str) -> str:
    """Return the text; end with a usage error unless exactly one of both is given, or the file is not UTF-8."""
    if (text is None) == (file is None):
        fail(f'give either a text or --file, as in: bellwether {command} "Shares fell after the profit warning"', code=Exit.USAGE)
    if text is not None:
        return text
    data = sys.stdin.buffer.read() if file == "-" else Path(file or "").read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fail(f"{file} is not UTF-8 (byte {error.start}); convert it first, for example with iconv")
