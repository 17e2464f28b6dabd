"""The commands around intake, as a shell sees them: output, error output and exit code."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, text

from db.engine import transaction
from workers import doorbell
from workers.cli import main
from workers.settings import settings

pytestmark = pytest.mark.usefixtures("configured")


@dataclass(frozen=True)
class Ended:
    """What a command left."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `bellwether` in this process, with nothing to ring."""
    monkeypatch.setattr(doorbell, "ring", lambda batch_ids, **_: len(batch_ids))

    def run(*args: object, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["bellwether", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(stdin))))
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        shown = capsys.readouterr()
        return Ended(code, shown.out, shown.err)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of three records."""
    path = tmp_path / "news.jsonl"
    path.write_text("".join(f'{{"external_id": "{n}", "text": "text {n}"}}\n' for n in range(3)))
    return path


def finish_jobs(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(text("UPDATE job SET n_done = n_total, finished_at = now()"))


def test_enqueue_says_what_became_of_the_file(run: Run, file: Path) -> None:
    first, second = run("enqueue", file), run("enqueue", file)

    assert (first.code, first.out) == (0, "3 new, 0 changed, 0 duplicates, 0 rejected\n")
    assert (second.code, second.out) == (0, "nothing new: all 3 records were sent before\n")
    assert first.err == second.err == ""


def test_enqueue_names_every_bad_line_and_ends_with_3(run: Run, file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b'{"text": \n{"text": "late", "published_at": "soon"}\n')

    ended = run("enqueue", file)

    assert (ended.code, ended.out) == (3, "3 new, 0 changed, 0 duplicates, 2 rejected (quarantined)\n")
    assert ended.err.splitlines() == [
        "line 4: broken JSON: Expecting value at column 10",
        "line 5: bad time: published_at: can't read 'soon' as a time; write it as 2026-01-31T12:00:00Z",
    ]


def test_enqueue_names_the_first_bad_lines_and_the_command_for_the_rest(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("broken\n" * 25)

    ended = run("enqueue", path)

    assert ended.err.splitlines()[-1].startswith("and 5 more; `bellwether quarantine list --job ")
    assert len(ended.err.splitlines()) == 21


def test_enqueue_reads_standard_input_with_a_format_and_a_mapping(run: Run, engine: Engine) -> None:
    ended = run(
        "enqueue",
        "-",
        "--format",
        "csv",
        "--map",
        "text=body,published_at=created",
        "--source",
        "desk",
        stdin=b"body,created\nhello,2026-01-02\n",
    )

    assert ended.code == 0
    with transaction(engine) as session:
        row = session.execute(
            text("SELECT text, published_at::date::text AS day, name FROM record JOIN source ON source.id = source_id")
        ).one()
    assert tuple(row) == ("hello", "2026-01-02", "desk")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--map", "text=body"), "found: external_id, text"),
        (("--map", "body=text"), "no field of a record"),
        (("--format", "xml"), "jsonl, csv, tsv, parquet"),
        (("--taxonomy", "complaint"), "complaints"),
        (("--kind", "sports"), "news"),
    ],
)
def test_enqueue_with_a_wrong_option_ends_with_2_and_stores_nothing(
    run: Run, file: Path, engine: Engine, args: tuple[str, ...], said: str
) -> None:
    ended = run("enqueue", file, *args)

    assert ended.code == 2
    assert said in ended.err
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM job")) == 0


def test_enqueue_of_a_missing_file_names_it(run: Run, tmp_path: Path) -> None:
    ended = run("enqueue", tmp_path / "missing.csv")

    assert ended.code == 1
    assert "No such file" in ended.err
    assert "missing.csv" in ended.err


def test_enqueue_without_a_database_ends_with_4(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings.cache_clear()

    ended = run("enqueue", file)

    assert ended.code == 4
    assert "bellwether doctor" in ended.err


def test_enqueue_as_json_prints_the_receipt_alone(run: Run, file: Path) -> None:
    file.write_text('{"text": "a"}\nbroken\n')

    ended = run("enqueue", file, "--json")

    told = json.loads(ended.out)
    assert (ended.code, told["n_new"], told["n_rejected"]) == (3, 1, 1)
    assert told["rejects"][0]["reason"] == "broken_json"


def test_enqueue_with_a_key_takes_a_file_in_once(run: Run, file: Path) -> None:
    first = json.loads(run("enqueue", file, "--idempotency-key", "k", "--json").out)

    again = json.loads(run("enqueue", file, "--idempotency-key", "k", "--json").out)
    file.write_text('{"text": "other"}\n')
    other = run("enqueue", file, "--idempotency-key", "k")

    assert (again["job_id"], again["replayed"]) == (first["job_id"], True)
    assert (other.code, "new key" in other.err) == (1, True)


def test_enqueue_and_wait_times_out_with_5(run: Run, file: Path) -> None:
    ended = run("enqueue", file, "--wait", "--timeout", "0.2")

    assert ended.code == 5
    assert "0 of 3 records" in ended.err
    assert "bellwether jobs watch" in ended.err


def test_enqueue_and_wait_ends_once_all_is_analysed(run: Run, file: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: finish_jobs(engine))

    ended = run("enqueue", file, "--wait")

    assert (ended.code, ended.out.splitlines()[-1]) == (0, "3 analysed, 0 quarantined")


def test_enqueue_says_that_it_waits_for_room(run: Run, file: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    run("enqueue", file)
    monkeypatch.setenv("BELLWETHER_INTAKE__MAX_BACKLOG_RECORDS", "3")
    settings.cache_clear()

    def make_room(_: float) -> None:
        with transaction(engine) as session:
            session.execute(text("UPDATE batch SET state = 'done'"))

    monkeypatch.setattr("time.sleep", make_room)
    file.write_text('{"text": "another"}\n')

    ended = run("enqueue", file)

    assert (ended.code, ended.out) == (0, "1 new, 0 changed, 0 duplicates, 0 rejected\n")
    assert "3 records wait for analysis" in ended.err


def test_jobs_list_show_and_watch_tell_how_far_it_is(run: Run, file: Path, engine: Engine) -> None:
    assert "bellwether enqueue" in run("jobs", "list").out
    job_id = json.loads(run("enqueue", file, "--json").out)["job_id"]

    listed = json.loads(run("jobs", "list", "--json").out)
    shown = run("jobs", "show", job_id)
    waiting = run("jobs", "watch", job_id, "--timeout", "0.1")
    finish_jobs(engine)
    watched = run("jobs", "watch", job_id)

    assert [(row["job"], row["state"], row["total"]) for row in listed] == [(job_id, "running", 3)]
    assert shown.code == 0
    assert "running" in shown.out
    assert waiting.code == 5
    assert (watched.code, "done" in watched.out) == (0, True)


def test_jobs_watch_of_a_job_with_rejects_ends_with_3(run: Run, file: Path) -> None:
    file.write_text("broken\n")
    job_id = json.loads(run("enqueue", file, "--json").out)["job_id"]

    ended = run("jobs", "watch", job_id)

    assert ended.code == 3
    assert f"bellwether quarantine list --job {job_id}" in ended.out


def test_jobs_show_of_an_unknown_job_names_the_next_step(run: Run) -> None:
    ended = run("jobs", "show", "00000000-0000-0000-0000-000000000000")

    assert (ended.code, "bellwether jobs list" in ended.err) == (1, True)


def test_quarantine_lists_reasons_and_exports_the_lines_as_they_came(run: Run, file: Path, tmp_path: Path) -> None:
    file.write_bytes(b'{"text": "caf\xe9"}\n{"text": ""}\n')
    run("enqueue", file, "--source", "desk")
    output = tmp_path / "bad.jsonl"

    listed = json.loads(run("quarantine", "list", "--source", "desk", "--json").out)
    exported = run("quarantine", "export", output, "--raw")
    as_json = [json.loads(line) for line in run("quarantine", "export", "--reason", "no_text").out.splitlines()]

    assert sorted((row["line"], row["reason"]) for row in listed) == [(1, "not_utf8"), (2, "no_text")]
    assert output.read_bytes() == b'{"text": "caf\xe9"}\n{"text": ""}\n'
    assert exported.err == f"2 rows to {output}\n"
    assert [row["payload"] for row in as_json] == ['{"text": ""}']


def quarantine_all(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(text("UPDATE record SET state = 'quarantined'"))
        session.execute(text("UPDATE batch SET state = 'done'"))
        session.execute(text("UPDATE job SET n_failed = n_total, finished_at = now()"))
        session.execute(
            text(
                "INSERT INTO quarantine (record_id, job_id, source, reason, detail) "
                "SELECT id, job_id, 'default', 'crashed_worker', 'died' FROM record"
            )
        )


def test_quarantine_release_lets_records_be_analysed_again(run: Run, file: Path, engine: Engine) -> None:
    with file.open("a") as stream:
        stream.write("broken\n")
    run("enqueue", file)
    quarantine_all(engine)

    released = run("quarantine", "release", "--reason", "crashed_worker")

    assert (released.code, released.out) == (0, "3 records released; they will be analysed again\n")
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM record WHERE state = 'pending'")) == 3
        assert session.scalar(text("SELECT count(*) FROM batch WHERE state = 'queued'")) == 1
        assert session.scalar(text("SELECT detail ->> 'n_records' FROM audit WHERE action = 'quarantine.released'")) == "3"


def test_quarantine_release_of_a_refused_line_says_what_to_do(run: Run, file: Path) -> None:
    file.write_text("broken\n")
    run("enqueue", file)
    row = json.loads(run("quarantine", "list", "--json").out)[0]["id"]

    ended = run("quarantine", "release", row)

    assert ended.code == 3
    assert "export --raw" in ended.err
    assert run("quarantine", "release").code == 2


def test_enqueue_maps_as_the_source_is_set_unless_told_otherwise(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_SOURCES__DESK__MAP", '{"text": "body"}')
    settings.cache_clear()
    table = tmp_path / "rows.csv"
    table.write_text("body,note\nfirst,second\n")

    by_setting = run("enqueue", table, "--source", "desk")
    by_option = run("enqueue", table, "--source", "desk", "--map", "text=note")
    other = run("enqueue", table, "--source", "other")

    assert "1 new" in by_setting.out
    assert "1 new" in by_option.out
    assert (other.code, "no column `text`" in other.err) == (2, True)


def test_keys_are_shown_once_and_kept_as_a_hash(run: Run, engine: Engine) -> None:
    made = run("keys", "create", "desk")
    again = run("keys", "create", "desk")
    listed = json.loads(run("keys", "list", "--json").out)
    revoked = run("keys", "revoke", "desk")
    twice = run("keys", "revoke", "desk")

    key = made.out.strip()
    assert key.startswith("bw_")
    assert "only its hash is stored" in made.err
    assert (again.code, revoked.code, twice.code) == (1, 0, 1)
    assert [(row["name"], row["revoked_at"]) for row in listed] == [("desk", None)]
    with transaction(engine) as session:
        (stored,) = session.scalars(text("SELECT hash FROM api_key"))
        actions = session.scalars(text("SELECT action || ' ' || (detail ->> 'name') FROM audit ORDER BY id")).all()
    assert key.encode() not in bytes(stored)
    assert actions == ["key.created desk", "key.revoked desk"]


def test_api_openapi_prints_the_committed_document(run: Run) -> None:
    committed = Path(__file__).parents[2] / "docs" / "openapi.json"

    document = run("api", "openapi").out

    assert document == committed.read_text(), "write it anew: bellwether api openapi --output docs/openapi.json"


def test_a_terminal_sees_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from workers.cli.progress import shown

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with shown("sending") as counter:
        counter.update(done=17, total=20, note="5 records/s")

    assert capsys.readouterr().out == ""


def test_no_terminal_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    from workers.cli.progress import follow, shown

    with shown("sending") as counter:
        counter.update(done=17)
    job: Any = SimpleNamespace(n_done=1, n_failed=0, n_total=1)

    assert follow([job]) is job
    assert capsys.readouterr().err == ""
