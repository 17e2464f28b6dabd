"""`python -m workers.servers`: run the embedded servers that the settings don't replace, for as long as whoever started this lives.

It tells their addresses on standard output as one line of JSON, and stops them when its standard input ends: so they go down
cleanly even if the stack was killed. Who uses them is left to `workers.stack`.
"""

import json
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import psutil

from workers.logs import configure_logs
from workers.settings import settings

_STOP_S = 10.0


def main() -> None:
    """Start the servers, tell where they are, wait for the end of standard input, stop them."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure_logs("servers")
    with ExitStack() as running:
        print(json.dumps(start_servers(running)), flush=True)  # noqa: T201  # read by the stack
        sys.stdin.read()


def start_servers(running: ExitStack) -> dict[str, str]:
    """Start what the settings don't replace, to be stopped with `running`; return the addresses by setting."""
    chosen, addresses = settings(), {}
    home = chosen.home.resolve()
    if chosen.redis_url is None:
        from workers.broker import start_valkey

        stop_leftover(home / "valkey")
        valkey = start_valkey(home / "valkey")
        running.callback(valkey.stop)
        addresses["redis_url"] = valkey.url
    if chosen.postgres_url is None:
        from db.embedded import start_postgres

        postgres = start_postgres(home / "postgres")
        running.callback(postgres.stop)
        addresses["postgres_url"] = postgres.url
    return addresses


def stop_leftover(folder: Path) -> None:
    """Stop a Valkey that an earlier run left behind on `folder`: two on one append-only file would spoil it."""
    for process in psutil.process_iter(["name"]):
        try:
            if (process.info["name"] or "").startswith("valkey") and Path(process.cwd()) == folder:
                process.terminate()
                process.wait(_STOP_S)
        except psutil.TimeoutExpired:
            process.kill()
        except psutil.Error:
            continue


def _leave(*_: int | FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
