from uuid import UUID

import pytest

from workers.receipt import Item, Receipt

JOB = UUID(int=7)


@pytest.mark.parametrize(
    ("receipt", "sentence"),
    [
        (Receipt(JOB, n_new=2_000, n_rejected=3), "2,000 new, 0 changed, 0 duplicates, 3 rejected (quarantined)"),
        (Receipt(JOB, n_new=1, n_changed=2, n_duplicate=1), "1 new, 2 changed, 1 duplicate, 0 rejected"),
        (Receipt(JOB, n_duplicate=2_000), "nothing new: all 2,000 records were sent before"),
        (Receipt(JOB, n_duplicate=1), "nothing new: 1 record was sent before"),
        (Receipt(JOB), "nothing in it: no records"),
        (Receipt(JOB, n_new=5, n_rejected=1, replayed=True), f"sent before under the same key, as job {JOB}: 5 accepted, 1 rejected"),
    ],
)
def test_receipt_sentence_says_what_became_of_the_rows(receipt: Receipt, sentence: str) -> None:
    assert receipt.sentence() == sentence


def test_receipt_as_dict_is_plain() -> None:
    told = Receipt(JOB, n_rejected=1, rejects=(Item(3, "rejected", reason="no_text", detail="no text"),)).as_dict()

    assert told["job_id"] == str(JOB)
    assert told["rejects"] == [
        {"line": 3, "status": "rejected", "external_id": None, "record_id": None, "reason": "no_text", "detail": "no text"}
    ]
