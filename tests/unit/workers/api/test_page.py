import re

from fastapi.testclient import TestClient

from workers.api import app
from workers.api.page import rendered


def test_page_tells_every_route_and_every_answer() -> None:
    document = app.openapi()

    page = rendered(document, base="http://here")

    assert all(path in page for path in document["paths"])
    assert all(f'id="{name}"' in page for name in document["components"]["schemas"])


def test_page_needs_nothing_from_elsewhere_and_leads_nowhere_dead() -> None:
    page = rendered(app.openapi(), base="http://here")

    assert not re.search(r"<script|<link|<img|(src|href)=\"(https?:)?//", page)
    assert set(re.findall(r'href="#(\w+)"', page)) <= set(re.findall(r'id="(\w+)"', page))


def test_root_leads_to_the_page() -> None:
    answer = TestClient(app).get("/")

    assert answer.url.path == "/docs"
    assert "curl -i http://testserver/v1/records" in answer.text
