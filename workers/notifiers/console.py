"""Tell incidents on standard output, one line each, without any record's text."""

import sys
from collections.abc import Mapping
from typing import Any, TextIO

from workers.alert_settings import Notifier as NotifierSettings


class Console:
    """Writes lines to a stream; standard output unless given."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Take the stream, looked up at each line where it is standard output."""
        self.stream = stream

    def notify(self, message: Mapping[str, Any], *, delivery: str) -> None:
        """Write one line."""
        stream = self.stream or sys.stdout
        stream.write(f"ALERT {message['change']} incident {message['incident']} [{message['rule']}]: {message['why']} ({delivery})\n")
        stream.flush()


def make(_chosen: NotifierSettings) -> Console:
    """Return a console notifier; it has no settings."""
    return Console()
