"""What machines ask: /healthz, /readyz, /metrics, and what a problem's type means; anonymous, since none of it tells of a text."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response

from workers import endpoints, health, metrics
from workers.api.problems import BASE, TYPES
from workers.errors import NotFound

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that this process answers; restarting it would mend nothing else."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "Something that intake needs does not answer; `checks` says what."}})
def readyz(response: Response) -> dict[str, Any]:
    """Say whether records can be taken in, check by check."""
    checks = health.readiness()
    is_ready = health.is_ready(checks)
    response.status_code = 200 if is_ready else 503
    return {"status": "ready" if is_ready else "not ready", "checks": [asdict(check) for check in checks]}


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def get_metrics() -> Response:
    """Return what SQL knows, in Prometheus' words; workers serve their own."""
    content, media_type = metrics.exposition(endpoints.engine())
    return Response(content, media_type=media_type)


@router.get(BASE + "{slug}", include_in_schema=False)
async def get_problem_type(slug: str) -> dict[str, str]:
    """Say what a problem's type means."""
    if slug not in TYPES:
        raise NotFound(f"No problem is called {slug!r}; there are {', '.join(TYPES)}.")
    return {"type": BASE + slug, "description": TYPES[slug]}
