import io
from typing import Any

from workers.notifiers.console import Console


def test_console_writes_one_line_whatever_a_record_holds(told: Any) -> None:
    stream = io.StringIO()

    Console(stream).notify(told(why="It rose\nALERT forged \x1b[31m", severity="critical"))

    line = "ALERT opened critical incident 7 [negatives-6h]: It rose ALERT forged [31m (7-opened-desk-20260302T120000Z)\n"
    assert stream.getvalue() == line
