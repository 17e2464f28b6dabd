"""An RSS or Atom feed: what is new since the last pull, asked for politely; entries are rows like any other."""

import calendar
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import httpx2
from sqlalchemy import Engine

from db.cursors import read_cursor, save_cursor
from db.engine import transaction
from workers.errors import BellwetherError
from workers.intake import submit
from workers.readers.rows import Row
from workers.sources.pulled import Pulled

MAX_BYTES = 16 << 20
_TIMEOUT = httpx2.Timeout(20.0, connect=5.0)
_MAX_REDIRECTS = 5


class FeedFailed(BellwetherError):
    """The feed did not answer, or not with a feed; the next pull tries again."""


def pull(engine: Engine, name: str, *, location: str, how: dict[str, Any]) -> Pulled:
    """Fetch the feed unless it is unchanged, take its entries in, then remember its ETag and Last-Modified.

    A crash before the last step fetches it again; its entries are duplicates then.
    """
    with transaction(engine) as session:
        cursor = read_cursor(session, name)
    if cursor.get("location") != location:
        cursor = {}
    answer = _fetch(location, cursor)
    if answer is None:
        return Pulled()
    content, validators = answer
    pulled = Pulled()
    rows = list(feed_rows(content, location=location))
    if rows:
        pulled = pulled.plus(submit(engine, rows, **how))
    with transaction(engine) as session:
        save_cursor(session, name, {"location": location, **validators})
    return pulled


def _fetch(location: str, cursor: Mapping[str, Any]) -> tuple[bytes, dict[str, str]] | None:
    """Return the feed and its validators; None if it is unchanged."""
    headers = {
        "User-Agent": f"bellwether/{version('bellwether')}",
        "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5",
    }
    for header, validator in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")):
        if validator in cursor:
            headers[header] = cursor[validator]
    try:
        with (
            httpx2.Client(timeout=_TIMEOUT, follow_redirects=True, max_redirects=_MAX_REDIRECTS, headers=headers) as client,
            client.stream("GET", location) as response,
        ):
            if response.status_code == httpx2.codes.NOT_MODIFIED:
                return None
            response.raise_for_status()
            validators = {name: response.headers[name] for name in ("etag", "last-modified") if name in response.headers}
            return _limited(response, location), validators
    except httpx2.HTTPError as error:
        raise FeedFailed(f"{location}: {error}") from error


def _limited(response: httpx2.Response, location: str) -> bytes:
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > MAX_BYTES:
            raise FeedFailed(f"{location}: over {MAX_BYTES:,} bytes long")
    return bytes(content)


def feed_rows(content: bytes, *, location: str) -> Iterator[Row]:
    """Yield the feed's entries as rows, numbered from 1; raise FeedFailed if it is no feed."""
    import feedparser

    parsed = feedparser.parse(content)
    if not parsed.entries and not parsed.version:
        raise FeedFailed(f"{location}: this is neither RSS nor Atom")
    for number, entry in enumerate(parsed.entries, start=1):
        yield Row(number, _fields(entry))


def _fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entry says in Bellwether's words; a bare headline is the text itself."""
    title, text = entry.get("title"), _text(entry)
    return {
        "external_id": entry.get("id") or entry.get("link"),
        "title": title if text else None,
        "text": text or title,
        "published_at": _time(entry),
        "url": entry.get("link"),
        "author": entry.get("author"),
        "language": entry.get("language"),
        "tags": [tag.get("term") for tag in entry.get("tags", []) if tag.get("term")] or None,
    }


def _text(entry: Mapping[str, Any]) -> str | None:
    contents = [one.get("value") for one in entry.get("content", [])]
    return next((one for one in [*contents, entry.get("summary")] if one and one.strip()), None)


def _time(entry: Mapping[str, Any]) -> datetime | str | None:
    """Return when the entry was published, as the parser read it or, where it could not, as the feed has it."""
    for name in ("published", "updated", "created"):
        if parsed := entry.get(f"{name}_parsed"):
            return datetime.fromtimestamp(calendar.timegm(parsed), tz=UTC)
        if seen := entry.get(name):
            return str(seen)
    return None
