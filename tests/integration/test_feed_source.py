import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, text

from db.engine import transaction
from workers.settings import settings
from workers.sources import feed, pull
from workers.sources.feed import FeedFailed, feed_rows

RSS = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>News</title>
<item><guid>1</guid><title>Acme falls</title><description>&lt;p&gt;Shares of Acme fell.&lt;/p&gt;</description>
<link>https://example.com/1</link><author>a@example.com (A. Writer)</author><category>markets</category>
<pubDate>Fri, 02 Jan 2026 10:00:00 GMT</pubDate></item>
<item><guid>2</guid><title>A bare headline</title><pubDate>Fri, 02 Jan 2026 11:00:00 +0100</pubDate></item>
<item><guid>3</guid><title>Undated</title><description>Text.</description><pubDate>sometime</pubDate></item>
</channel></rss>"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>urn:f</id><updated>2026-01-02T10:00:00Z</updated>
<entry><id>urn:1</id><title>Acme rises</title><updated>2026-01-02T10:00:00Z</updated><summary>Short.</summary>
<content type="html">&lt;b&gt;Long&lt;/b&gt; text.</content><link href="https://example.com/1"/></entry></feed>"""


class _Handler(BaseHTTPRequestHandler):
    """Answers with `body`, and 304 to whoever has it."""

    body: ClassVar[bytes] = b""
    status: ClassVar[int] = 200
    asked: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append(dict(self.headers))
        is_known = self.headers.get("If-None-Match") == '"v1"'
        self.send_response(304 if is_known else self.status)
        self.send_header("ETag", '"v1"')
        self.send_header("Last-Modified", "Fri, 02 Jan 2026 10:00:00 GMT")
        content = b"" if is_known else self.body
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@pytest.fixture
def site(configured: None, tmp_path: Path) -> Iterator[type[_Handler]]:
    """A site on loopback whose feed is the source `wire`."""
    handler = type("Handler", (_Handler,), {"asked": [], "body": RSS.encode(), "status": 200})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    (tmp_path / "bellwether.toml").write_text(
        f'[sources.wire]\nkind = "news"\npull = "feed"\nlocation = "http://127.0.0.1:{server.server_port}/feed"\n'
    )
    settings.cache_clear()
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_pull_takes_entries_in_with_what_they_say(engine: Engine, site: type[_Handler]) -> None:
    pulled = pull(engine, "wire")

    assert (pulled.n_accepted, pulled.n_rejected) == (2, 1)
    with transaction(engine) as session:
        first, second = session.execute(
            text("SELECT external_id, title, text, url, author, published_at, attributes FROM record ORDER BY external_id")
        )
        reason = session.scalar(text("SELECT reason FROM quarantine"))
    assert (first.external_id, first.title, first.text) == ("1", "Acme falls", "<p>Shares of Acme fell.</p>")
    assert (first.url, first.published_at) == ("https://example.com/1", datetime(2026, 1, 2, 10, tzinfo=UTC))
    assert first.attributes == {"tags": ["markets"]}
    assert (second.title, second.text, second.published_at) == (None, "A bare headline", datetime(2026, 1, 2, 10, tzinfo=UTC))
    assert reason == "bad_time"


def test_pull_again_asks_only_for_what_changed(engine: Engine, site: type[_Handler]) -> None:
    pull(engine, "wire")

    again = pull(engine, "wire")

    assert again.n_accepted + again.n_duplicate + again.n_rejected == 0
    assert site.asked[1]["If-None-Match"] == '"v1"'
    assert site.asked[1]["If-Modified-Since"] == "Fri, 02 Jan 2026 10:00:00 GMT"


def test_pull_remembers_nothing_of_a_submission_that_failed(engine: Engine, site: type[_Handler], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(feed, "submit", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pull(engine, "wire")

    assert pull(engine, "wire").n_accepted == 2
    assert "If-None-Match" not in site.asked[1]


@pytest.mark.parametrize(
    ("status", "body", "said"), [(500, b"", "500"), (200, b"<html><body>Log in</body></html>", "neither RSS nor Atom")]
)
def test_pull_says_that_a_site_answers_with_no_feed(engine: Engine, site: type[_Handler], status: int, body: bytes, said: str) -> None:
    site.status, site.body = status, body

    with pytest.raises(FeedFailed, match=said):
        pull(engine, "wire")


def test_pull_refuses_an_endless_feed(engine: Engine, site: type[_Handler], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MAX_BYTES", 100)

    with pytest.raises(FeedFailed, match="over 100 bytes"):
        pull(engine, "wire")


def test_feed_rows_prefers_the_whole_text_of_an_atom_entry() -> None:
    (row,) = feed_rows(ATOM.encode(), location="here")

    assert (row.fields["external_id"], row.fields["title"], row.fields["text"]) == ("urn:1", "Acme rises", "<b>Long</b> text.")
    assert row.fields["published_at"] == datetime(2026, 1, 2, 10, tzinfo=UTC)
