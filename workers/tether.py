"""Run a command that can't outlive whoever started it: `python tether.py PARENT_PID COMMAND...`; what it runs is the caller's affair.

Standard library only, so that it starts at once. On Linux the kernel sends SIGTERM when the parent dies, however it dies;
elsewhere the command relies on being stopped.
"""

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask for SIGTERM at the parent's death, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606  # our own command line


if __name__ == "__main__":
    main()
