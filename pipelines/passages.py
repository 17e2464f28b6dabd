"""Cut from a long text the passage that says what is new; which words are new is left to `exemplars`."""

import re
from collections.abc import Mapping

from pipelines.stories import shingles, words_of

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\W*[A-Z0-9])")

AHEAD = 1.3
"""How much more a later passage must say than the beginning to be shown instead: texts say first what they are about."""


def passage(text: str, *, novelty: Mapping[str, float], longest: int) -> str:
    """Return `text` on one line, or the run of its sentences that says most that is new, of `longest` characters at most.

    What is left out is marked by an ellipsis.
    """
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    starts = [0, *(found.end() for found in _SENTENCE.finditer(line))]
    told = {start: _said(line[start : start + longest - 3], novelty=novelty) for start in starts}
    best = max(starts, key=lambda start: (told[start], start))
    start = best if told[best] > AHEAD * told[0] else 0
    return _cut(line, start=start, longest=longest)


def _said(part: str, *, novelty: Mapping[str, float]) -> float:
    return sum(novelty.get(shingle, 0.0) for shingle in shingles(words_of(part)))


def _cut(line: str, *, start: int, longest: int) -> str:
    before = "… " if start else ""
    rest = line[start:]
    if len(before) + len(rest) <= longest:
        return before + rest
    return f"{before}{rest[: longest - len(before) - 1].rstrip()}…"
