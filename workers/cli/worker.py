"""`bellwether worker`: one Celery worker a device, restarted when it dies; the watching is left to `workers.supervisor`."""

from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer()


class Role(StrEnum):
    """What a worker is for."""

    ANALYZE = "analyze"
    IO = "io"


@app.command()
def worker(
    device: Annotated[
        str | None, typer.Option(help="auto (every GPU, else the CPU), all, cpu, cuda:0 or cuda:0,cuda:1.", show_default="engine.device")
    ] = None,
    replicas: Annotated[int, typer.Option(min=0, help="Children a device; 0: the cores of a CPU, 2 on a GPU.")] = 0,
    role: Annotated[Role, typer.Option(help="analyze reads text; io drains, sweeps and alerts, without a model.")] = Role.ANALYZE,
) -> None:
    """Run workers, one a device. SIGTERM or Ctrl-C lets batches finish; a second one drops them to be analysed again."""
    from workers import endpoints, supervisor
    from workers.logs import configure_logs
    from workers.settings import settings

    configure_logs("supervisor")
    endpoints.redis_url()  # say so here, rather than in every child, if nobody told where the broker is
    if role is Role.IO:
        supervisor.supervise([supervisor.io_worker(replicas=replicas)])
    else:
        supervisor.supervise(supervisor.analyze_workers(device or settings().engine.device, replicas=replicas))
