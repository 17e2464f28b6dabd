"""Turn an original text into what a tokenizer should read, and keep the way back; masking is left to `redact`."""

import re
import unicodedata
from collections.abc import Iterator

from pipelines.text.markup import markup_edits
from pipelines.text.offsets import Edit, Readable

# Nothing to see: controls, soft hyphen, zero-width and direction marks, lone surrogates, tag characters.
_UNSEEN = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"
)
# Letters and digits in disguise (circled, ligatures, half and full width, mathematical): the tokenizer knows the plain ones.
# Signs such as (TM) or one half keep their form: spelt out they would grow onto the word before them.
_DISGUISED = "\u24b6-\u24e9\ufb00-\ufb06\uff01-\uff9f\uffe0-\uffe2\uffe4-\uffe6\U0001d400-\U0001d7ff"
_UNTIDY = re.compile(rf"[\s{_UNSEEN}]{{2,}}|[^\S ]|[{_UNSEEN}{_DISGUISED}]|\A | \Z")
_SPACE = re.compile(r"\s")


def normalize(text: str) -> Readable:
    """Drop what is not text, decode HTML, collapse white space, undo letters in disguise. URLs stay as they are.

    A tidy text comes back as it is, at the price of one search.
    """
    reading = Readable(text, text)
    if "<" in text or "&" in text:
        reading = reading.rewritten(markup_edits(text))
    if _UNTIDY.search(reading.text):
        reading = reading.rewritten(_tidy_edits(reading.text))
    return reading


def _tidy_edits(text: str) -> Iterator[Edit]:
    for match in _UNTIDY.finditer(text):
        start, end = match.span()
        found = match.group()
        if _SPACE.search(found):
            yield Edit(start, end, "" if start == 0 or end == len(text) else " ")
        else:
            yield Edit(start, end, unicodedata.normalize("NFKC", found) if found[0] >= "\u24b6" and found[0].isprintable() else "")
