"""Tell incidents on standard output, one line each, without any record's text."""

import sys
from typing import TextIO

from workers.alert_settings import Notifier as NotifierSettings
from workers.notifiers.message import Message
from workers.notifiers.wording import one_line


class Console:
    """Writes lines to a stream; standard output unless given."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Take the stream, looked up at each line where it is standard output."""
        self.stream = stream

    def notify(self, message: Message) -> None:
        """Write one line."""
        stream, told = self.stream or sys.stdout, message.details
        head = f"ALERT {message.change} {told['severity']} incident {told['incident']} [{told['rule']}]"
        stream.write(f"{head}: {one_line(told['why'])} ({message.delivery})\n")
        stream.flush()


def make(_chosen: NotifierSettings) -> Console:
    """Return a console notifier; it has no settings."""
    return Console()
