"""What readers yield: rows as they came, or why a line can't be read; whether a row is a record is left to `workers.validation`."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from db.quarantine import Reject

KEPT_BYTES = 64 << 10
"""How much of an over-long line quarantine keeps; a line within the limit is kept whole."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record as it came: `line` counts from 1; `raw` is what quarantine keeps if the row is refused."""

    line: int
    fields: Mapping[str, Any]
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line: `n_bytes` counts all of it, `raw` holds only its first KEPT_BYTES where it is over the limit."""

    number: int
    raw: bytes
    n_bytes: int


class Unreadable(Exception):
    """A payload is not one JSON object; `reason` is the stable code, the message says what is wrong."""

    def __init__(self, reason: str, detail: str) -> None:
        """Take the code and the sentence."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def rejected(line: int | None, error: Unreadable, *, payload: bytes | None) -> Reject:
    """Return what quarantine keeps of `payload`."""
    return Reject(line=line, reason=error.reason, detail=error.detail, payload=payload, external_id=None)


def too_large(n_bytes: int, *, max_bytes: int) -> Unreadable:
    """Return the refusal of a record over the limit."""
    return Unreadable("too_large", f"too large: {n_bytes:,} bytes, the limit (BELLWETHER_INTAKE__MAX_RECORD_BYTES) is {max_bytes:,}")


def read_lines(stream: IO[bytes], *, max_bytes: int) -> Iterator[Line]:
    """Yield each line with its ending; one over `max_bytes` is read past in pieces and never held whole."""
    number = 0
    while raw := stream.readline(max_bytes + 2):
        number += 1
        if raw.endswith(b"\n") or len(raw) <= max_bytes:
            yield Line(number, raw, len(raw.rstrip(b"\r\n")))
        else:
            n_bytes = len(raw) + _skip_line(stream)
            yield Line(number, raw[:KEPT_BYTES], n_bytes)


def _skip_line(stream: IO[bytes]) -> int:
    """Read to the end of the line and return how many bytes that were, its ending apart."""
    n_bytes = 0
    while piece := stream.readline(io.DEFAULT_BUFFER_SIZE * 8):
        n_bytes += len(piece.rstrip(b"\r\n"))
        if piece.endswith(b"\n"):
            break
    return n_bytes


def utf8_fault(error: UnicodeDecodeError, raw: bytes) -> Unreadable:
    """Return what to say of bytes that are not UTF-8."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Unreadable("not_utf8", "not UTF-8: it starts like UTF-16; convert the file with `iconv -f UTF-16 -t UTF-8`")
    return Unreadable("not_utf8", f"not UTF-8: byte 0x{raw[error.start]:02x} at position {error.start + 1}")
