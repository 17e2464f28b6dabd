"""The resident Analyzer of this process, loaded once and pinned to its device; which device that is, the supervisor decided."""

import time
from functools import lru_cache
from threading import Lock

import structlog

from pipelines.analyzer import Analyzer
from workers.settings import Engine, settings

_log = structlog.get_logger("bellwether.analyst")
_LOADING = Lock()


def analyst() -> Analyzer:
    """Return this process's Analyzer; the first call loads and warms it up (seconds). ModelUnavailable says what is missing."""
    with _LOADING:
        return _load()


@lru_cache(maxsize=1)
def _load() -> Analyzer:
    engine = settings().engine
    begun = time.perf_counter()
    analyzer = load_analyzer(engine)
    analyzer.warm_up()
    model = analyzer.model
    _log.info(
        "analyst.ready",
        model=model.ref.name,
        revision=model.ref.revision,
        device=model.device,
        dtype=model.dtype,
        n_threads=model.n_threads,
        replicas=engine.replicas or "auto",
        load_s=round(time.perf_counter() - begun, 2),
    )
    return analyzer


def load_analyzer(engine: Engine) -> Analyzer:
    """Load the model and the taxonomies that these settings name, cold."""
    from pipelines.model import load_model
    from pipelines.taxonomy import read_taxonomies

    taxonomies = read_taxonomies(engine.taxonomies)  # first: a bad file should not cost the seconds of a model
    model = load_model(engine.model, device=pick_device(engine.device), n_threads=engine.threads, catalog=engine.catalog)
    return Analyzer(model, taxonomies=taxonomies, token_budget=engine.token_budget, window_overlap=engine.window_overlap)


def pick_device(device: str) -> str:
    """Return the device of this process: `auto` is the first GPU that it may see, else the CPU."""
    if device not in ("auto", "all"):
        return device
    import torch

    return "cuda:0" if torch.cuda.is_available() else "cpu"
