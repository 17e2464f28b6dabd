from pathlib import Path

import pytest

from pipelines.errors import UnknownTaxonomy
from pipelines.taxonomy import OUT_OF_SCOPE, SHIPPED, BadTaxonomy, DescribedTaxonomy, read_taxonomies, read_taxonomy

TOPIC = '[[topics]]\nname = "rates"\ndescription = "Interest rates."\n'


def write(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_taxonomies_are_usable() -> None:
    taxonomies = read_taxonomies()

    assert set(taxonomies) >= {"banking77", "clinc150", "complaints", "finance-desk", "multidogo"}
    for taxonomy in taxonomies.values():
        if isinstance(taxonomy, DescribedTaxonomy):
            assert all(topic.title and len(topic.examples) >= 5 for topic in taxonomy.topics)
        else:
            assert taxonomy.head == f"topics_{taxonomy.name}"
            assert all(taxonomy.titles.values())
            assert OUT_OF_SCOPE not in taxonomy.titles


def test_trained_taxonomies_leave_the_threshold_to_the_model_unless_a_file_gives_one(tmp_path: Path) -> None:
    written = write(tmp_path, 'name = "own"\nkind = "trained"\nhead = "topics_own"\nthreshold = 0.4')

    own, shipped = read_taxonomy(written), read_taxonomies()["clinc150"]

    assert (own.threshold, shipped.threshold) == (0.4, None)


def test_shipped_files_are_called_as_their_taxonomies() -> None:
    assert all(read_taxonomy(path).name == path.stem for path in SHIPPED.glob("*.toml"))


def test_read_taxonomies_lets_the_users_own_win(tmp_path: Path) -> None:
    write(tmp_path, f'name = "finance-desk"\n{TOPIC}')
    write(tmp_path, f'name = "own"\n{TOPIC}', "own.toml")

    taxonomies = read_taxonomies(tmp_path)

    assert len(taxonomies) == len(read_taxonomies()) + 1
    assert isinstance(taxonomies["finance-desk"], DescribedTaxonomy)
    assert [topic.name for topic in taxonomies["finance-desk"].topics] == ["rates"]


def test_taxonomies_name_the_nearest_when_one_is_unknown() -> None:
    taxonomies = read_taxonomies()

    with pytest.raises(UnknownTaxonomy, match="did you mean 'finance-desk'"):
        taxonomies["financedesk"]
    with pytest.raises(UnknownTaxonomy, match="there are banking77, clinc150, complaints, finance-desk"):
        taxonomies["zzz"]
    assert "zzz" not in taxonomies


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "can't be read as TOML"),
        (f'kind = "learnt"\n{TOPIC}', 'write kind = "described" or kind = "trained"'),
        (TOPIC, "`name` is missing; add it"),
        ('name = "a"\ntopics = []', "`topics`: Tuple should have at least 1 item"),
        (f'name = "a"\n{TOPIC}colour = "red"', "topic 'rates': `colour` is not known; remove it or mend its spelling"),
        ('name = "a"\n[[topics]]\nname = "Big Rates"\ndescription = "x"', "topic 'Big Rates': `name` must be lower-case letters"),
        ('name = "a"\n[[topics]]\ndescription = "x"', "topic number 1: `name` is missing; add it"),
        (f'name = "a"\n{TOPIC}examples = ["fine", " - "]', "topic 'rates': `examples`: ' - ' says nothing; write a sentence"),
        (f'name = "a"\n{TOPIC}{TOPIC}', "the topic 'rates' stands there twice; rename or merge one"),
        (f'name = "a"\nthreshold = 2\n{TOPIC}', "`threshold`: Input should be less than or equal to 1"),
        ('name = "a"\nkind = "trained"', "`head` is missing; add it"),
    ],
)
def test_read_taxonomy_names_file_topic_and_mend(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)

    with pytest.raises(BadTaxonomy) as caught:
        read_taxonomy(path)

    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_read_taxonomies_wants_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadTaxonomy, match=r"engine\.taxonomies"):
        read_taxonomies(tmp_path / "none")
