"""Write docs/reference/ from the code: settings, commands, views, metrics, errors; run by `make reference`, checked by a test.

What a page says of a thing is the thing's own description; how they are used is left to docs/howto.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pages.commands import commands_page
from pages.errors import errors_page
from pages.markdown import table
from pages.metrics import metrics_page
from pages.settings import settings_page
from pages.views import views_page
from sqlalchemy import Engine

REFERENCE = Path(__file__).parent / "reference"
NOTE = "<!-- Written by `make reference`; change the code that it describes instead. -->"


def main() -> None:
    """Write every page; the views are read from a database made for it."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    with migrated_database() as engine:
        for name, text in written(engine).items():
            (REFERENCE / name).write_text(text)
            print(f"docs/reference/{name}")


@contextmanager
def migrated_database() -> Iterator[Engine]:
    """Yield an empty database at head, on an embedded server that is removed again."""
    from db.embedded import start_postgres
    from db.engine import connect
    from db.migrate import upgrade

    with TemporaryDirectory() as folder:
        server = start_postgres(Path(folder) / "postgres")
        try:
            upgrade(server.url)
            engine = connect(server.url)
            yield engine
            engine.dispose()
        finally:
            server.stop()


def written(engine: Engine) -> dict[str, str]:
    """Return every page of the reference by file name."""
    makers: dict[str, Callable[[], str]] = {
        "README.md": index_page,
        "settings.md": settings_page,
        "commands.md": commands_page,
        "views.md": lambda: views_page(engine),
        "metrics.md": metrics_page,
        "errors.md": errors_page,
    }
    return {name: f"{NOTE}\n\n{make().strip()}\n" for name, make in makers.items()}


def index_page() -> str:
    """Return the list of pages."""
    rows = [
        ("[settings.md](settings.md)", "every variable and its default"),
        ("[commands.md](commands.md)", "every command of `bellwether`, with its options"),
        ("[views.md](views.md)", "the SQL views that BI tools may rely on"),
        ("[metrics.md](metrics.md)", "what `/metrics` and the workers tell Prometheus"),
        ("[errors.md](errors.md)", "exit codes, HTTP statuses, and the reasons kept in quarantine"),
        ("[../openapi.json](../openapi.json)", "the HTTP interface"),
    ]
    return "# Reference\n\nWritten from the code; a test keeps it equal to the code.\n\n" + table(["page", "what it lists"], rows)


if __name__ == "__main__":
    main()
