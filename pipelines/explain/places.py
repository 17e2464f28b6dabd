"""Find what a user means by a word or name in a text; what the model says of it is left to `explainer`."""

import re

from pipelines.explain.values import Place, Unexplainable


def find_place(text: str, phrase: str, *, occurrence: int = 1) -> Place:
    """Return where `phrase` stands in `text` for the n-th time, as whole words, whatever its letter case; Unexplainable if nowhere."""
    wanted = phrase.strip()
    if not wanted:
        raise Unexplainable('--towards is empty: name something that stands in the text, as in --towards "Gold"')
    found = list(re.finditer(rf"(?<!\w){re.escape(wanted)}(?!\w)", text, re.IGNORECASE))
    if not found:
        part = re.search(re.escape(wanted), text, re.IGNORECASE)
        hint = "it stands there only within a longer word: give the whole word" if part else "give it as the text writes it"
        raise Unexplainable(f"the text does not hold {wanted!r}; {hint}")
    if not 1 <= occurrence <= len(found):
        times = "once" if len(found) == 1 else f"{len(found)} times"
        raise Unexplainable(f"the text holds {wanted!r} only {times}; --occurrence {occurrence} is too many")
    start, end = found[occurrence - 1].span()
    return Place(text[start:end], start, end)
