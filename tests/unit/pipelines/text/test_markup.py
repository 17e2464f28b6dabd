import time
from itertools import pairwise

import pytest

from pipelines.text.markup import markup_edits


@pytest.mark.parametrize("text", ["plain", "a < b", "<nosuchtag>", "x<y>z", "R&D", "&nope;", "<", "&", "<b", "<a href"])
def test_markup_edits_leave_plain_text_alone(text: str) -> None:
    assert markup_edits(text) == []


def test_markup_edits_are_ordered_and_apart() -> None:
    edits = markup_edits("<!-- <b>&amp;</b> --><i title='&amp;'>&lt;</i><style>p{}</style>&gt;<!DOCTYPE html><o:p></o:p>")

    assert all(one.end <= other.start for one, other in pairwise(edits))
    assert [edit.new for edit in edits] == [" ", "", "<", "", " ", ">", "", "", ""]


def test_markup_edits_keep_what_follows_a_comment_that_never_ends() -> None:
    assert [edit.new for edit in markup_edits("<b>a</b> <!-- b")] == ["", ""]


@pytest.mark.parametrize("piece", ["<!--", "<script>", "<b>", "<a ", "<a href='", "&amp;", "&", "&#", "</"])
def test_markup_edits_take_linear_time_on_hostile_text(piece: str) -> None:
    text = "<p>" + piece * (200_000 // len(piece))
    begun = time.process_time()

    markup_edits(text)

    assert time.process_time() - begun < 10
