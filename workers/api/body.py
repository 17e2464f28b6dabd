"""Reads a request's body up to a limit, unpacked if it came as gzip; what it means is left to the routes."""

import zlib
from typing import Annotated

from fastapi import Depends, Request

from workers.api.problems import Problem
from workers.settings import settings

_GZIP = 31  # zlib's code for "a gzip header is expected"


async def read_body(request: Request) -> bytes:
    """Return the whole body; raise a Problem 413 as soon as it is over the limit, packed or unpacked."""
    limit = settings().intake.max_request_bytes
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise Problem("unsupported-media-type", 415, f"Content-Encoding {encoding} is not read; send gzip, or none.")
    if int(request.headers.get("content-length") or 0) > limit:
        raise _too_large(limit)
    unpack = _Unpacker(limit) if encoding == "gzip" else None
    pieces: list[bytes] = []
    n_bytes = 0
    async for piece in request.stream():
        plain = unpack.feed(piece, room=limit - n_bytes) if unpack else piece
        n_bytes += len(plain)
        if n_bytes > limit:
            raise _too_large(limit)
        pieces.append(plain)
    if unpack:
        unpack.finish()
    return b"".join(pieces)


class _Unpacker:
    """Unpacks gzip without ever making more than the limit, whatever a hostile body promises."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._zlib = zlib.decompressobj(_GZIP)

    def feed(self, piece: bytes, *, room: int) -> bytes:
        """Return what `piece` unpacks to; one byte more than `room` is enough to know that it is too much."""
        try:
            plain = self._zlib.decompress(piece, room + 1)
        except zlib.error as error:
            raise Problem("bad-request", 400, f"The body is no valid gzip: {error}.") from None
        if self._zlib.unconsumed_tail:
            raise _too_large(self._limit)
        return plain

    def finish(self) -> None:
        """Refuse a body that breaks off."""
        if not self._zlib.eof:
            raise Problem("bad-request", 400, "The gzip body breaks off before its end.")


def _too_large(limit: int) -> Problem:
    detail = f"The body is over the limit of {limit:,} bytes (BELLWETHER_INTAKE__MAX_REQUEST_BYTES); send it in parts."
    return Problem("too-large", 413, detail, limit_bytes=limit)


Body = Annotated[bytes, Depends(read_body)]
