"""`python -m workers.servers`: run the embedded servers that the settings don't replace, for as long as whoever started this lives.

It tells their addresses on standard output as one line of JSON, and stops them when its standard input ends: so they go down
cleanly even if the stack was killed. Who uses them is left to `workers.stack`.
"""

import json
import select
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import psutil
import structlog

from workers.logs import configure_logs
from workers.settings import settings

if TYPE_CHECKING:
    from db.embedded import EmbeddedPostgres
    from workers.broker import EmbeddedValkey

_log = structlog.get_logger("bellwether.servers")
_LOOK_S, _STOP_S = 1.0, 10.0


def main() -> None:
    """Start the servers, tell where they are, keep Valkey alive until the end of standard input, stop them."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure_logs("servers")
    servers = Servers(settings().home.resolve())
    try:
        print(json.dumps(servers.start()), flush=True)  # noqa: T201  # read by the stack
        while not select.select([sys.stdin], [], [], _LOOK_S)[0]:
            servers.tend()
    finally:
        servers.stop()


@dataclass(slots=True)
class Servers:
    """The embedded servers of a home folder."""

    home: Path
    valkey: "EmbeddedValkey | None" = None
    postgres: "EmbeddedPostgres | None" = None

    def start(self) -> dict[str, str]:
        """Start what the settings don't replace; return the addresses by setting."""
        chosen, addresses = settings(), {}
        if chosen.redis_url is None:
            from workers.broker import start_valkey

            stop_leftover(self.home / "valkey")
            self.valkey = start_valkey(self.home / "valkey")
            addresses["redis_url"] = self.valkey.url
        if chosen.postgres_url is None:
            from db.embedded import start_postgres

            self.postgres = start_postgres(self.home / "postgres")
            addresses["postgres_url"] = self.postgres.url
        return addresses

    def tend(self) -> None:
        """Start Valkey again, where it was, if it died; PostgreSQL mends itself."""
        if self.valkey and not self.valkey.is_alive:
            from workers.broker import start_valkey

            _log.warning("valkey died; starting it again")
            self.valkey = start_valkey(self.home / "valkey", port=self.valkey.server.port, password=self.valkey.password)

    def stop(self) -> None:
        """Stop what was started."""
        if self.valkey and self.valkey.is_alive:
            self.valkey.stop()
        if self.postgres:
            self.postgres.stop()


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
