"""The OpenAPI description: what FastAPI knows, and what stands around it told as it is.

FastAPI alone would say that errors have a form of its own, and could not say which numbers are
months.
"""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from serving.api.fields import FIRST_YEAR, LAST_YEAR, MONTH_FORMAT
from serving.edge.problems import MEDIA_TYPE, Problem
from serving.edge.settings import ServiceSettings

Schema = dict[str, Any]

_REFERENCE: Final = "#/components/schemas/{model}"
_EVERYWHERE: Final = {
    413: "The body is larger than the service reads.",
    500: "The service failed; its log has the reason.",
}
_ASKING: Final = {
    408: "The body did not arrive in time.",
    415: "The body is said to be something else than JSON.",
    422: "A part of the request is wrong; `errors` names it.",
}
_READING: Final = {422: "A part of the request is wrong; `errors` names it."}
_WAREHOUSE: Final = {
    404: "There is no such chip, AOI, month or tracker.",
    503: "The warehouse does not answer.",
}
_WITHOUT_WAREHOUSE: Final = frozenset(
    {"/forecast_features", "/forecast_history", "/livez", "/healthz", "/metrics"}
)
_WITHOUT_PARAMETERS: Final = frozenset({"/livez", "/readyz", "/healthz", "/metrics"})
_TILES: Final = "/tiles/buildings/13/{x}/{y}"
_NEVER_MISSING: Final = frozenset({"/chips", "/aois", "/months", "/trackers", "/readyz", _TILES})


def describe(app: FastAPI, settings: ServiceSettings) -> Schema:
    """Return the OpenAPI 3.1 description of an application."""
    found = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas: Schema = found.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    _add_problem(schemas)
    schemas["TimeKey"] = _month_schema()
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            _add_errors(path, method, operation, settings)
    _refer_to_months(found["paths"])
    _refer_to_months({name: one for name, one in schemas.items() if name != "TimeKey"})
    if settings.api_key is not None:
        scheme = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
        found["components"]["securitySchemes"] = {"key": scheme}
        found["security"] = [{"key": []}]
    return found


def _add_problem(schemas: Schema) -> None:
    problem = Problem.model_json_schema(ref_template=_REFERENCE)
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem


def _month_schema() -> Schema:
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return {
        "title": "Month",
        "description": "A calendar month as year * 100 + month.",
        "examples": [201912],
        "anyOf": [
            {"type": "integer", "minimum": year * 100 + 1, "maximum": year * 100 + 12}
            for year in years
        ],
    }


def _add_errors(path: str, method: str, operation: Schema, settings: ServiceSettings) -> None:
    errors = dict(_EVERYWHERE)
    if path not in _WITHOUT_PARAMETERS:
        errors |= _ASKING if method == "post" else _READING
    if path not in _WITHOUT_WAREHOUSE:
        errors |= _WAREHOUSE
    if path in _NEVER_MISSING:
        errors.pop(404)
    if settings.api_key is not None:
        errors[401] = "The header X-API-Key does not hold the key."
    if settings.rate_limit is not None:
        errors[429] = "Too many requests from this address."
    responses = {
        status: response
        for status, response in operation["responses"].items()
        if status != "422"  # FastAPI's own form
    }
    if method == "get" and path not in _WITHOUT_PARAMETERS:
        responses["304"] = {"description": "As known by the tag in If-None-Match."}
    for status, description in sorted(errors.items()):
        schema = {"$ref": _REFERENCE.format(model="Problem")}
        responses[str(status)] = {
            "description": description,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
    operation["responses"] = responses


def _refer_to_months(part: Any) -> None:
    """Put a reference to the one schema of months wherever one is meant."""
    if isinstance(part, dict):
        if part.get("format") == MONTH_FORMAT:
            del part["format"], part["type"]
            part["$ref"] = _REFERENCE.format(model="TimeKey")
        for inner in part.values():
            _refer_to_months(inner)
    elif isinstance(part, list):
        for inner in part:
            _refer_to_months(inner)
