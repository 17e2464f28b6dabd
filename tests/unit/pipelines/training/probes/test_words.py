from pipelines.training.probes.words import fixed_places, matching, rng_of, words


def text_of(text: str, places: list[tuple[int, int]]) -> list[str]:
    return [text[start:end] for start, end in places]


def test_fixed_places_are_addresses_handles_and_tags() -> None:
    text = "see https://a.example/b, @tim, #news, $AAPL or mail a@b.org"

    assert text_of(text, fixed_places(text)) == ["https://a.example/b,", "@tim", "#news", "$AAPL", "a@b.org"]


def test_words_leaves_fixed_places_numbers_and_tails_of_words_out() -> None:
    text = "It didn't arrive on the 15th, @tim's"

    assert text_of(text, list(words(text, least=3))) == ["didn't", "arrive", "the"]


def test_matching_writes_a_word_as_another_is_written() -> None:
    assert [matching("will not", model) for model in ("Won't", "WON'T", "won't")] == ["Will not", "WILL NOT", "will not"]
    assert matching("Deutsche Bank", "iPhone") == "Deutsche Bank"


def test_rng_of_depends_on_text_name_and_seed_alone() -> None:
    first = rng_of("a", name="typos", seed=1).random()

    assert rng_of("a", name="typos", seed=1).random() == first
    assert first not in {
        rng_of(text, name=name, seed=seed).random() for text, name, seed in (("b", "typos", 1), ("a", "x", 1), ("a", "typos", 2))
    }
