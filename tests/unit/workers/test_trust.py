import pytest
from sqlalchemy.exc import OperationalError

from pipelines.errors import DeviceExhausted
from workers.trust import ENOUGH, Trust


class Left(Exception):
    pass


@pytest.fixture
def trust() -> Trust:
    def leave() -> None:
        raise Left

    made = Trust()
    made.leave = leave
    return made


def test_trust_is_lost_by_failures_in_a_row_that_nobody_foresaw(trust: Trust) -> None:
    for _ in range(ENOUGH - 1):
        trust.lose(RuntimeError("device-side assert"))

    with pytest.raises(Left):
        trust.lose(RuntimeError("device-side assert"))


def test_trust_is_earned_again_by_a_batch_that_was_analysed(trust: Trust) -> None:
    for _ in range(ENOUGH * 2):
        trust.lose(RuntimeError("a bad record"))
        trust.earn()

    assert trust.n_in_a_row == 0


@pytest.mark.parametrize("error", [DeviceExhausted("too small"), OperationalError("statement", {}, Exception()), ConnectionError()])
def test_trust_is_not_lost_by_what_was_foreseen(trust: Trust, error: Exception) -> None:
    for _ in range(ENOUGH * 2):
        trust.lose(error)

    assert trust.n_in_a_row == 0


def test_trust_leaves_no_process_that_is_not_a_pools_child() -> None:
    trust = Trust()

    for _ in range(ENOUGH):
        trust.lose(RuntimeError("in a test"))

    assert trust.n_in_a_row == ENOUGH
