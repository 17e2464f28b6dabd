"""Puts the API together; each route lives in the file of its noun."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI
from starlette.concurrency import run_in_threadpool

from workers.api import incidents, jobs, probes, records, rules, silences
from workers.api.access import caller
from workers.api.linger import Lingerer
from workers.api.page import install_page
from workers.api.problems import install_problems
from workers.api.schemas import ProblemOut
from workers.settings import settings


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.lingerer = Lingerer(linger=settings().intake.linger)
    app.state.lingerer.start()
    yield
    await run_in_threadpool(app.state.lingerer.stop)


def _described(made: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the problems that routes name by reference: FastAPI only collects what is sent as plain JSON."""
    document = FastAPI.openapi(made)
    document["components"]["schemas"].setdefault(ProblemOut.__name__, ProblemOut.model_json_schema())
    return document


def create_app() -> FastAPI:
    """Return the API; nothing is connected before the first request."""
    made = FastAPI(
        title="Bellwether",
        version=version("bellwether"),
        summary="Send texts; read their sentiment, topics and entities; see the incidents.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
    )
    install_problems(made)
    install_page(made)
    for module in (records, jobs, incidents, silences, rules):
        made.include_router(module.router, dependencies=[Depends(caller)])
    made.include_router(probes.router)
    made.openapi = partial(_described, made)  # type: ignore[method-assign]  # FastAPI's own way to extend the document
    return made


app = create_app()
