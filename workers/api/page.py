"""The page at /docs: the OpenAPI document as HTML that needs neither script nor network; what it says is left to the routes."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse

Node = Mapping[str, Any]

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #888; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin: 2.5rem 0 .5rem; text-transform: capitalize; }
section { border: 1px solid var(--line); border-radius: 8px; padding: .2rem 1rem .8rem; margin: 1rem 0; }
h3 { font: 600 1rem ui-monospace, monospace; } h3 b { color: #2a7de1; margin-right: .6rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; } pre { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; color: var(--dim); padding-top: .8rem; }
td { border-top: 1px solid var(--line); padding: .25rem 1rem .25rem 0; vertical-align: top; } td:first-child { width: 13rem; }
td:nth-child(2) { width: 13rem; color: var(--dim); }
"""
_SAFE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
_EXAMPLE = """curl -i {base}/v1/records -H 'Content-Type: application/json' \\
  -d '{{"source": "wire", "external_id": "1", "text": "Shares fell after the profit warning."}}'"""


def install_page(app: FastAPI) -> None:
    """Serve the page at /docs, and lead there from /."""

    @app.get("/docs", include_in_schema=False)
    def page(request: Request) -> HTMLResponse:
        return HTMLResponse(rendered(app.openapi(), base=str(request.base_url).rstrip("/")), headers=_SAFE)

    @app.get("/", include_in_schema=False)
    def root() -> RedirectResponse:
        return RedirectResponse("docs")


def rendered(document: Node, *, base: str) -> str:
    """Return the whole page, for an API that is reached at `base`."""
    about = document["info"]
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(about["title"])} API</title><style>{_STYLE}</style></head><body>
<h1>{escape(about["title"])} {escape(about["version"])}</h1><p>{escape(about["summary"])}
For programs: <a href="openapi.json">openapi.json</a>.</p>
<pre>{escape(_EXAMPLE.format(base=base))}</pre>
{"".join(_groups(document))}</body></html>"""


def _groups(document: Node) -> Iterator[str]:
    routes = [(path, method, route) for path, methods in document["paths"].items() for method, route in methods.items()]
    for tag in dict.fromkeys(tag for _, _, route in routes for tag in route["tags"]):
        yield f"<h2>{escape(tag)}</h2>"
        yield from (_route(*one) for one in routes if tag in one[2]["tags"])
    yield "<h2>What they return</h2>"
    yield from (_schema(name, schema) for name, schema in document["components"]["schemas"].items())


def _route(path: str, method: str, route: Node) -> str:
    told = "".join(f"<p>{_prose(one)}</p>" for one in route.get("description", "").split("\n\n"))
    asked = [(one["name"], f"{one['in']}, {_type(one['schema'])}", one.get("description", "")) for one in route.get("parameters", ())]
    bodies = route.get("requestBody", {}).get("content", {})
    answers = [(code, _answer(answer), answer["description"]) for code, answer in route["responses"].items()]
    tables = _table("takes", asked) + _body(bodies) + _table("answers", answers)
    return f"<section><h3><b>{method.upper()}</b>{escape(path)}</h3>{told}{tables}</section>"


def _body(bodies: Node) -> str:
    """Return the fields of what is sent, which every kind of body shares."""
    fields: Node = next((one for body in bodies.values() for one in body["schema"].get("anyOf", ()) if "properties" in one), {})
    return _table(f"a record, in {' or '.join(bodies)}", _fields(fields))


def _fields(schema: Node) -> list[tuple[str, str, str]]:
    return [(name, _type(field), field.get("description", "")) for name, field in schema.get("properties", {}).items()]


def _schema(name: str, schema: Node) -> str:
    told = _prose(schema.get("description", "")) + ("" if "properties" in schema else f" One of: {_type(schema)}.")
    return f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p>{told}</p>{_table("", _fields(schema))}</section>'


def _table(caption: str, rows: list[tuple[str, str, str]]) -> str:
    """Return a table of `rows`, whose second cells are HTML already; nothing if there are none."""
    if not rows:
        return ""
    cells = "".join(f"<tr><td><code>{escape(name)}</code></td><td>{kind}</td><td>{_prose(told)}</td></tr>" for name, kind, told in rows)
    return f"<table><caption>{escape(caption)}</caption>{cells}</table>"


def _answer(answer: Node) -> str:
    contents = answer.get("content", {})
    return ", ".join(_type(content["schema"]) if "schema" in content else escape(kind) for kind, content in contents.items())


def _type(schema: Node) -> str:
    """Say in HTML what a value is, with a link to what is described further down."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema:
        return " or ".join(escape(str(one)) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("format") or schema.get("type", "anything")))


def _prose(text: str) -> str:
    """Return `text` as HTML, what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))
