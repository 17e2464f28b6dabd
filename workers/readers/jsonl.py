"""JSON lines, one object a line; which of its fields make a record is left to `workers.validation`."""

import json
from collections.abc import Iterator
from typing import IO, Any, NoReturn

from db.quarantine import Reject
from workers.readers.rows import Row, Unreadable, read_lines, rejected, too_large, utf8_fault

_BOM = b"\xef\xbb\xbf"


def read_jsonl(stream: IO[bytes], *, max_bytes: int) -> Iterator[Row | Reject]:
    """Yield every line as a row or a reject, in order; blank lines are passed over."""
    for line in read_lines(stream, max_bytes=max_bytes):
        raw = line.raw.removeprefix(_BOM) if line.number == 1 else line.raw
        raw = raw.rstrip(b"\r\n")
        if line.n_bytes > max_bytes:
            yield rejected(line.number, too_large(line.n_bytes, max_bytes=max_bytes), payload=raw)
        elif raw.strip():
            yield _row(line.number, raw)


def _row(number: int, raw: bytes) -> Row | Reject:
    try:
        return Row(number, parse_object(raw), raw)
    except Unreadable as error:
        return rejected(number, error, payload=raw)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in `raw`; raise Unreadable saying why it is none."""
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise not_an_object(value)
    return value


def parse_json(raw: bytes) -> Any:
    """Return the JSON value in `raw`; raise Unreadable saying why it is none."""
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise utf8_fault(error, raw) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise Unreadable("broken_json", f"broken JSON: {error.msg} at {where}") from None
    except RecursionError:
        raise Unreadable("broken_json", "broken JSON: nested too deeply") from None
    except ValueError as error:
        raise Unreadable("broken_json", f"broken JSON: {str(error).split(';', 1)[0]}") from None


def not_an_object(value: object) -> Unreadable:
    """Return the refusal of a JSON value that is no object."""
    names = {list: "a list", str: "a string", bool: "a truth value", int: "a number", float: "a number", type(None): "null"}
    return Unreadable("not_an_object", f"not a JSON object but {names.get(type(value), 'something else')}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
