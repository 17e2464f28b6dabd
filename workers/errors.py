"""What a caller of Bellwether is told when something can't be done; the exit code and HTTP status follow from the type."""

from enum import IntEnum


class Exit(IntEnum):
    """How `bellwether` ends."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    UNREACHABLE = 4
    TIMED_OUT = 5


class BellwetherError(Exception):
    """Something failed; the message names the next step."""

    exit_code = Exit.FAILED
    status = 500


class UsageError(BellwetherError):
    """The request itself is wrong."""

    exit_code = Exit.USAGE
    status = 422


class NotFound(BellwetherError):
    """There is no such thing."""

    exit_code = Exit.FAILED
    status = 404


class Conflict(BellwetherError):
    """The request contradicts what is stored."""

    exit_code = Exit.FAILED
    status = 409


class Unreachable(BellwetherError):
    """The broker or the database does not answer."""

    exit_code = Exit.UNREACHABLE
    status = 503


class Overloaded(BellwetherError):
    """Too much waits already; come back later."""

    exit_code = Exit.FAILED
    status = 429

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        """Say what the limit is, and in how many seconds to try again."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TimedOut(BellwetherError):
    """The work goes on, but the wait for it is over."""

    exit_code = Exit.TIMED_OUT
    status = 504
