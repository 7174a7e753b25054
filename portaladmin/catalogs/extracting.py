"""Every text of the admin center that people read, found in templates and modules."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from django.conf import settings
from django.utils.translation.template import templatize

ROOMS = ("accounts", "jobs", "organizations", "portaladmin", "provisioning", "domains", "analytics")
# Portals have words of their own (sites/words.toml), `make up` and the drill speak to operators.
_ELSEWHERE = ("templates/sites/", "portaladmin/up/", "jobs/drill/")

_TEMPLATE_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
_MARKS = {"N_", "_", "gettext", "gettext_lazy"}
_PLURALS = {"ngettext", "ngettext_lazy"}
# What people read of other calls, by the positions of their arguments. These need no mark, and are translated where
# they are shown (a refusal by 403.html, a message by base.html); a text with values in it is none of them.
_SPOKEN = {
    "Step": (1,),
    "Entry": (1,),
    "Tile": (1, 2),
    "Refusal": (0,),
    "NameRefused": (1,),
    "PermissionDenied": (0,),
    "NotPermitted": (0,),
    "NotRestartable": (0,),
    "NothingToRetry": (0,),
    "messages.success": (1,),
    "messages.info": (1,),
    "messages.warning": (1,),
    "messages.error": (1,),
}
_SPOKEN_BY_NAME = {"Kind": "title", "Step": "title"}
# Modules whose constants are sentences.
_SENTENCES = ("provisioning/phases.py",)


@dataclass(frozen=True)
class Text:
    """One text; `plural` is "" if it has none."""

    singular: str
    plural: str
    file: str
    line: int


def texts(base: Path | None = None) -> Iterator[Text]:
    """In the order of files and lines."""
    base = base or Path(settings.BASE_DIR)
    for path in _files(base):
        name = path.relative_to(base).as_posix()
        found = _of_module(path, name) if path.suffix == ".py" else _of_template(path)
        yield from (Text(singular, plural, name, line) for singular, plural, line in found)


def template_catalog() -> Catalog:
    """What a complete catalog holds, without translations."""
    catalog = Catalog(project="Portal Admin Center", charset="utf-8", fuzzy=False)
    for text in texts():
        message = (text.singular, text.plural) if text.plural else text.singular
        catalog.add(message, locations=[(text.file, text.line)])
    return catalog


def _files(base: Path) -> Iterator[Path]:
    found = sorted((base / "templates").rglob("*.html"))
    for room in ROOMS:
        found += sorted(path for path in (base / room).rglob("*.py") if "migrations" not in path.parts)
    for path in found:
        if not path.relative_to(base).as_posix().startswith(_ELSEWHERE):
            yield path


def _of_template(path: Path) -> Iterator[tuple[str, str, int]]:
    source = templatize(path.read_text())
    # What is left of the page is no Python; its indentation must not look like some.
    lines = "\n".join(line.strip() for line in source.split("\n"))
    for line, found, _, _ in extract("python", io.BytesIO(lines.encode()), keywords=_TEMPLATE_KEYWORDS):
        singular, plural = found if isinstance(found, tuple) else (found, "")
        yield str(singular), str(plural), line


def _of_module(path: Path, name: str) -> Iterator[tuple[str, str, int]]:
    tree = ast.parse(path.read_text())
    if name in _SENTENCES:
        yield from _constants(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        called = ast.unparse(call.func)
        for singular, plural in _of_call(call, called if called in _SPOKEN else called.rpartition(".")[2]):
            if singular:
                yield singular, plural, call.lineno


def _of_call(call: ast.Call, name: str) -> Iterator[tuple[str, str]]:
    if name in _MARKS:
        yield _argument(call, 0), ""
    elif name in _PLURALS:
        yield _argument(call, 0), _argument(call, 1)
    for position in _SPOKEN.get(name, ()):
        yield _argument(call, position), ""
    for word in call.keywords:
        if word.arg == _SPOKEN_BY_NAME.get(name):
            yield _string(word.value), ""


def _constants(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and (text := _string(node.value)):
            yield text, "", node.lineno


def _argument(call: ast.Call, position: int) -> str:
    return _string(call.args[position]) if len(call.args) > position else ""


def _string(value: ast.expr) -> str:
    """A plain string; "" for anything else."""
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""
