"""A pydantic type as the JSON schema that providers hold a reply to."""

from typing import Any

from pydantic import BaseModel

_DROPPED = frozenset(
    "title default examples minLength maxLength pattern format minimum maximum "
    "exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems uniqueItems".split()
)
"""Keywords that one provider or another refuses. Our own validation knows them all."""


def response_format(reply_type: type[BaseModel]) -> dict[str, Any]:
    """The `response_format` of a Chat Completions request.

    It is strict unless the type has an object whose keys are not known beforehand.
    """
    schema = _simple(reply_type.model_json_schema())
    return {
        "type": "json_schema",
        "json_schema": {
            "name": reply_type.__name__,
            "schema": schema,
            "strict": _is_closed(schema),
        },
    }


def _simple(node: Any) -> Any:
    """The same without dropped keywords; every property required, no others allowed."""
    if isinstance(node, list):
        return [_simple(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": node["$ref"]}
    simple = {
        key: _named(value) if key in ("properties", "$defs") else _simple(value)
        for key, value in node.items()
        if key not in _DROPPED
    }
    if "const" in simple:
        simple["enum"] = [simple.pop("const")]
    if "properties" in simple:
        simple["required"] = list(simple["properties"])
        simple["additionalProperties"] = False
    return simple


def _named(nodes: dict[str, Any]) -> dict[str, Any]:
    """Schemas by name, where a name may well be that of a keyword."""
    return {name: _simple(node) for name, node in nodes.items()}


def _is_closed(node: Any) -> bool:
    if isinstance(node, list):
        return all(_is_closed(item) for item in node)
    if not isinstance(node, dict):
        return True
    open_object = node.get("type") == "object" and "properties" not in node
    return not open_object and all(_is_closed(value) for value in node.values())
