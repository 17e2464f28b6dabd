from workers.toml_lines import line_of, lines_of

TEXT = """a = 1
[alerts]
rules.x.metric = "share"  # a dotted key

[alerts.rules."two words"]
'odd key' = \"\"\"
no.key = 3
\"\"\"
"""


def test_line_of_a_key_is_where_it_is_first_written() -> None:
    lines = lines_of(TEXT)

    found = {
        where: line_of(where, lines=lines)
        for where in [("a",), ("alerts", "rules", "x", "metric"), ("alerts", "rules"), ("alerts", "rules", "two words", "odd key")]
    }
    assert list(found.values()) == [1, 3, 3, 6]


def test_line_of_what_is_not_written_is_that_of_its_table() -> None:
    lines = lines_of(TEXT)

    assert line_of(("alerts", "rules", "two words", "window"), lines=lines) == 5
    assert line_of(("elsewhere",), lines=lines) is None
