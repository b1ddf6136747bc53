"""What is wrong, in the words of somebody who edits YAML: pydantic's errors, and names that nothing stands behind.

Which rules there are belongs to the models and to `check`; here is only how a broken one is said.
"""

import difflib
import re
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from orchestration.settings.documents import Document, Loc, Mistake


def worded(document: Document, root: type[BaseModel], details: ErrorDetails) -> Mistake:
    """Returns a pydantic error of `root`, read from a whole document, as a mistake with its line."""
    loc: Loc = tuple(part for part in details["loc"] if part != "[key]")
    kind, context, given = details["type"], details.get("ctx", {}), details["input"]
    if kind == "extra_forbidden":
        return document.mistake(loc, "is not known here", _nearest(str(loc[-1]), _keys_at(root, loc[:-1])))
    if kind == "missing" or (given is None and loc):
        return document.mistake(loc, "is missing" if kind == "missing" else "is empty", _described(root, loc))
    if kind == "value_error":
        message, _, expected = str(context["error"]).partition("; ")
        return document.mistake(loc, message, expected)
    if kind == "literal_error":
        close = difflib.get_close_matches(str(given), re.findall("'([^']*)'", context["expected"]), n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"one of {context['expected']}"
        return document.mistake(loc, f"'{given}' is not known", hint)
    message = details["msg"][0].lower() + details["msg"][1:]
    if kind == "string_pattern_mismatch":
        upper = context["pattern"].startswith("^[A-Z]")
        message = "three capital letters, such as EUR" if upper else "one line of text, no space at either end"
    if kind in ("model_type", "dict_type"):
        message = "a mapping" + "".join(f" with {', '.join(keys)}" for keys in [_keys_at(root, loc)] if keys)
    return document.mistake(loc, f"{given!r:.60} is wrong here", message)


def unknown_name(document: Document, loc: Loc, name: str, known: Iterable[str], what: str = "") -> Mistake:
    """Returns the mistake of a name that is not among the known ones."""
    return document.mistake(loc, f"there is no {what or said(str(loc[-1]))} '{name}'", _nearest(name, sorted(known)))


def said(key: str) -> str:
    """Returns a key as a sentence says it."""
    return key.replace("_", " ")


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return "one of " + ", ".join(known) if known else "none is declared: declare it, or leave the name out"


def _keys_at(root: type[BaseModel], loc: Loc) -> list[str]:
    model = _model_at(root, loc)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _described(root: type[BaseModel], loc: Loc) -> str:
    model = _model_at(root, loc[:-1])
    field = _field(model, str(loc[-1])) if model else None
    return f"write {loc[-1]}: {field.description}" if field and field.description else f"write {loc[-1]}: …"


def _model_at(root: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """Returns the model that a place in the document is read into."""
    model: type[BaseModel] | None = root
    for part in loc:
        if isinstance(part, int):
            continue
        field = _field(model, str(part)) if model else None
        model = _model_in(field.annotation) if field else None
    return model


def _field(model: type[BaseModel], key: str) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if (field.alias or name) == key), None)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
