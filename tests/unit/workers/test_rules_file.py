from datetime import timedelta
from pathlib import Path

import pytest

from workers.errors import UsageError
from workers.rules_file import check_rule, fit_buckets, iso, read_rules

DESK = """# what the desk wants
[alerts.rules.desk]
metric = "share"
window = "PT1H"

[alerts.rules."the phones"]
metric = "volume"
[alerts.notifiers.pager]
kind = "webhook"
"""


def test_read_rules_reads_each_by_name_and_nothing_else(tmp_path: Path) -> None:
    rules = read_rules(_file(tmp_path, DESK)).rules

    assert {name: rule.metric for name, rule in rules.items()} == {"desk": "share", "the phones": "volume"}
    assert rules["desk"].window == timedelta(hours=1)


@pytest.mark.parametrize(
    ("written", "line", "complaint"),
    [
        ('[alerts.rules.a]\nmetric = "volum"', 2, "metric: write 'share', 'negatives' or 'volume' ('volum' is written)"),
        ("[alerts.rules.a]\n\nwindw = 'PT1H'", 3, "windw is no key of a rule; did you mean window?"),
        ("[alerts.rules.a]\nwindow = '15m'", 2, "write a duration such as PT15M, PT12H or P7D"),
        ("[alerts.rules.a]\nwindow = ''", 2, "write a duration"),
        ("[alerts.rules.a]\nmin_records = 3\nwindow = 'PT0S'", 3, "an empty window judges nothing"),
        ("[alerts.rules.a]\nbaseline = 'PT1H'", 2, "lengthen the baseline"),
        ("[alerts.rules.a]\nmin_records = -3", 2, "min_records: write greater than or equal to 1 (-3 is written)"),
        ("[alerts.rules.a]\ndimensions = []", 2, "name source, topic or entity"),
        ("[alerts.rules.b]\n[alerts.rules.'a b']\nx.y = 3", 3, "rule a b: x is no key"),
        ("[alerts]\n\nrules.a.metric = 'mood'", 3, "metric"),
        ("[alerts.rules]\na = 3", 2, "is no rule"),
        ("[alerts.rules]\na = {metric = 'mood'}", 2, "metric"),
    ],
)
def test_read_rules_names_the_line_and_the_mend(tmp_path: Path, written: str, line: int, complaint: str) -> None:
    file = _file(tmp_path, written)

    with pytest.raises(UsageError) as refused:
        read_rules(file)

    assert f"{file}, line {line}: " in str(refused.value)
    assert complaint in str(refused.value)


@pytest.mark.parametrize("written", ["", "a = 1", "alerts = 1", "[alerts]\nrules = 3", "[alert.rules.desk]"])
def test_read_rules_shows_how_one_is_written_where_there_is_none(tmp_path: Path, written: str) -> None:
    with pytest.raises(UsageError, match=r"write each as \[alerts.rules.NAME\]"):
        read_rules(_file(tmp_path, written))


@pytest.mark.parametrize("written", ["[alerts.rules.a\n", "[alerts.rules.a]\n\nmetric", "[alerts.rules.a]\nmetric = share"])
def test_read_rules_says_where_it_is_no_toml(tmp_path: Path, written: str) -> None:
    with pytest.raises(UsageError, match=r"is not valid TOML: .*line \d"):
        read_rules(_file(tmp_path, written))


def test_fit_buckets_names_the_line_of_a_window_shorter_than_a_bucket(tmp_path: Path) -> None:
    file = _file(tmp_path, DESK)

    with pytest.raises(UsageError, match="line 4: rule desk: window: PT1H is shorter than a bucket of P1D: write at least P1D"):
        fit_buckets(read_rules(file), bucket=timedelta(days=1), whole=False)


def test_fit_buckets_asks_for_whole_buckets_only_where_told_to(tmp_path: Path) -> None:
    rules, bucket = read_rules(_file(tmp_path, DESK)), timedelta(minutes=7)

    fit_buckets(rules, bucket=bucket, whole=False)
    with pytest.raises(UsageError, match="write PT56M or PT1H3M"):
        fit_buckets(rules, bucket=bucket, whole=True)


def test_check_rule_names_the_rule_and_the_field() -> None:
    assert check_rule("desk", {"metric": "volume"}).metric == "volume"
    with pytest.raises(UsageError, match="rule desk: metric: write 'share'"):
        check_rule("desk", {"metric": "mood"})


def test_iso_writes_a_duration_as_settings_do() -> None:
    assert [iso(timedelta(**span)) for span in ({"minutes": 90}, {"days": 7})] == ["PT1H30M", "P7D"]


def _file(folder: Path, text: str) -> Path:
    file = folder / "rules.toml"
    file.write_text(text)
    return file
