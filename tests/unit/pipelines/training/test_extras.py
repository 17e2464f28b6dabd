import pytest

from pipelines.training.extras import MissingExtra, require


def test_require_returns_a_library_that_is_there() -> None:
    assert require("json", wanted_for="this test").dumps([]) == "[]"


def test_require_says_how_to_get_one_that_is_not() -> None:
    with pytest.raises(MissingExtra, match=r"--method lora needs no_such_library.*bellwether\[workshop\]"):
        require("no_such_library", wanted_for="--method lora")
