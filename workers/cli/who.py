"""Who runs a command, for jobs and audit notes; what they may do is left to the database's own roles."""

import getpass


def who() -> str:
    """Return `cli:` and the user's name; a container's user may have none."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError, ImportError):
        return "cli"
