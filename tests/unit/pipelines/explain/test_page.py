import re
from dataclasses import replace

from pipelines.explain.page import story_page
from pipelines.explain.values import By, Explanation, Match, Place, Story, TopicExplanation, WordWeight
from pipelines.records import Kind, ModelRef

WORDS = (WordWeight("<b>slip", 6, 13, -3.2, "slip"), WordWeight("+1 650 253 0000", 14, 29, 0.4, "[phone]"))
FOUND = Explanation(
    "sentiment_news", "negative", {"negative": 0.9, "positive": 0.1}, "positive", "negative", By.GRADIENTS, WORDS, -2.2, 0.6, 0.001
)
STORY = Story("Stock <b>slip +1 650 253 0000!", Kind.NEWS, ModelRef("tiny", "abc"), FOUND)


def test_story_page_shows_words_as_the_model_read_them_and_asks_for_nothing() -> None:
    page = story_page(STORY)

    assert "[phone]" in page
    assert "650 253" not in page
    assert "-3.20" in page
    assert re.search(r'<p class="read">Stock <span [^>]*tint-bad\) / 0\.75[^>]*>slip</span>', page)
    assert not re.search(r"(src|href)=|@import|url\(", page)


def test_story_page_shows_what_matched_a_topic() -> None:
    match = Match("card-lost", "example", "I lost <my> card", 0.81)

    page = story_page(
        replace(STORY, topic=TopicExplanation("desk", "described", "card-lost", {"card-lost": 0.7}, {"card-lost": 0.6}, 0.25, (match,)))
    )

    assert "I lost &lt;my&gt; card" in page
    assert all(shown in page for shown in ("0.81", "likeness 0.60", "below 0.25"))


def test_story_page_shows_the_words_of_a_trained_head_and_a_place() -> None:
    words = replace(FOUND, head="topics_desk", label="loan", against="fee", by=By.OCCLUSION, log_odds_blank=None, left_over=None)

    page = story_page(replace(STORY, topic=TopicExplanation("desk", "trained", None, {"loan": 0.2}, words=words)))
    about = story_page(replace(STORY, sentiment=replace(words, towards=Place("slip", 9, 13)), note="no topics"))

    assert "loan against fee" in page
    assert "has no topic" in page
    assert "towards slip" in about
    assert "need not add up" in about
