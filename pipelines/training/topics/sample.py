"""Read texts that nobody labelled, a fair sample of them; what they are about is left to `suggest` and `check`."""

import random
from collections.abc import Iterable
from pathlib import Path

from pipelines.text.normalize import normalize
from pipelines.text.redact import mask
from pipelines.training.formats import BadRowError, read_rows
from pipelines.training.topics.phrases import gist


def sample_texts(paths: Iterable[Path], *, limit: int, seed: int = 17) -> list[str]:
    """Return up to `limit` texts, drawn at random, in the order of the files, what is private in them masked.

    Texts that say the same but for links, handles, tags and tickers stand there once: a machine that posts all day is no topic.
    BadRowError if no row has a `text`.
    """
    drawn, n_rows = _draw(paths, limit=limit, randoms=random.Random(seed))  # noqa: S311  (a sample, not a secret)
    shown = [mask(normalize(text).text).strip() for text in drawn]
    texts = {(gist(text) or text).lower(): text for text in shown if text}
    if not texts:
        raise BadRowError(f"no text to read in {n_rows:,} rows; each needs a column or a key `text`")
    return list(texts.values())


def _draw(paths: Iterable[Path], *, limit: int, randoms: random.Random) -> tuple[list[str], int]:
    """Draw `limit` texts in one pass, each with the same chance; return them and how many rows there were."""
    kept: list[tuple[int, str]] = []
    n_rows = n_seen = 0
    for _, values in (row for path in paths for row in read_rows(path)):
        n_rows += 1
        text = values.get("text")
        if not isinstance(text, str) or not text.strip():
            continue
        if len(kept) < limit:
            kept.append((n_seen, text))
        elif (place := randoms.randrange(n_seen + 1)) < limit:
            kept[place] = (n_seen, text)
        n_seen += 1
    return [text for _, text in sorted(kept)], n_rows
