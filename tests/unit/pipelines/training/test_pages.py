import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from pipelines.training import pages

BODY = """{% extends "base.html" %}{% from "parts.html" import facts, table, heat, note, figure %}{% block content %}
{{ facts([("accuracy", wrong, "")]) }}{{ table([("label", "left"), ("F1", "right")], [[wrong, "3"]]) }}
{{ heat(["a"], ["a"], [[0]]) }}{{ note(wrong) }}{{ figure("<svg>") }}{% endblock %}"""


def test_pages_escape_what_they_are_given() -> None:
    template = pages._environment().from_string(BODY)

    html = template.render(title="A & B", wrong="<script>alert(1)</script>")

    assert "A &amp; B" in html
    assert html.count("&lt;script&gt;") == 3
    assert "<script>" not in html
    assert "&lt;svg&gt;" in html


def test_pages_ask_for_nothing_from_anywhere() -> None:
    html = pages._environment().from_string(BODY).render(title="t", wrong="")

    assert not re.search(r"(src|href)=|@import|url\(", html)
    assert "default-src 'none'" in html


def test_render_refuses_a_page_without_its_values() -> None:
    with pytest.raises(UndefinedError):
        pages.render("base.html")


def test_save_page_makes_the_folder(tmp_path: Path) -> None:
    pages.save_page(tmp_path / "new" / "page.html", "é")

    assert (tmp_path / "new" / "page.html").read_text(encoding="utf-8") == "é"


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (pages.percent(0.8734), "87.3%"),
        (pages.percent(None), pages.DASH),
        (pages.percent(float("nan")), pages.DASH),
        (pages.points(-0.0123), f"{pages.MINUS}1.2"),
        (pages.points(0.05), "+5.0"),
        (pages.points(None), pages.DASH),
        (pages.number(12_345), "12,345"),
        (pages.number(0.12345), "0.123"),
        (pages.number(None), pages.DASH),
        (pages.words("out_of_scope"), "out of scope"),
    ],
)  # fmt: skip
def test_filters_show_figures_as_people_read_them(shown: str, wanted: str) -> None:
    assert shown == wanted
