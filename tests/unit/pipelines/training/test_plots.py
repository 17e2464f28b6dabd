from pathlib import Path
from xml.etree import ElementTree as ET

from pipelines.training import plots

LINES = {"training": ([1.0, 2.0], [0.9, 0.5]), "validation": ([1.0, 2.0], [0.8, 0.6])}
SVG = "{http://www.w3.org/2000/svg}"


def _svg() -> str:
    return plots.figure_svg(lambda axes: plots.draw_lines(axes, LINES, x="step", y="loss"), alt='loss < "1"')


def test_figure_svg_is_one_element_with_its_words_as_text() -> None:
    root = ET.fromstring(_svg())  # noqa: S314  (our own)

    assert root.tag == f"{SVG}svg"
    assert root.attrib["aria-label"] == 'loss < "1"'
    assert {"training", "validation", "step", "loss"} <= {element.text for element in root.iter(f"{SVG}text")}


def test_figure_svg_takes_its_colours_from_the_page() -> None:
    svg = _svg()

    assert "var(--accent)" in svg
    assert "var(--second)" in svg
    assert not any(colour in svg for colour in plots.COLOURS)


def test_figure_svg_is_the_same_each_time() -> None:
    assert _svg() == _svg()


def test_figure_svg_needs_no_escaping_in_a_template() -> None:
    svg = _svg()

    assert hasattr(svg, "__html__")
    assert "<?xml" not in svg
    assert "<metadata>" not in svg


def test_draw_bars_shows_names_intervals_and_a_mark() -> None:
    values = {"all": 0.8, "short": 0.7}

    svg = plots.figure_svg(
        lambda axes: plots.draw_bars(axes, values, x="accuracy", intervals=[(0.7, 0.9), (0.6, 0.8)], mark=0.8), alt="bars"
    )

    assert svg.index(">all<") < svg.index(">short<")


def test_save_png_writes_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "run" / "curves.png"

    plots.save_png(lambda axes: plots.draw_lines(axes, LINES, x="step", y="loss"), path)

    assert path.read_bytes().startswith(b"\x89PNG")
