"""Why a notifier could not tell somebody; whether to try again is left to `workers.telling`."""

from datetime import timedelta


class NotTold(Exception):  # reads as what happened
    """The receiver did not accept the message; it is sent again later. The words never hold an address, a token or a text."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        """Say why, and how long the receiver asked to be left alone."""
        super().__init__(reason)
        self.retry_after = retry_after
