"""The services' own models: operations, routes, parsers, serializers, checks. Nothing is written by hand."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from connect_emulator import errors, shapes
from connect_emulator.services import campaigns, metrics, profiles

if TYPE_CHECKING:
    from moto.core.model import OperationModel

    from connect_emulator.world import Handler

# A code that the service doesn't model would go out as 400 with nothing but this warning from moto.
warnings.filterwarnings("error", message=r".*does not match an error shape.*")


@dataclass(frozen=True, kw_only=True)
class ServiceSpec:
    """What the model doesn't say about a service."""

    handlers: dict[str, Handler]
    malformed: str
    """Error code for a body or value of the wrong form."""
    unsatisfied: str
    """Error code for a value beyond the model's constraints."""
    internal: str
    """Error code of a failure inside the service."""


SPECS = {
    "connectcampaignsv2": ServiceSpec(
        handlers=campaigns.HANDLERS,
        malformed=errors.VALIDATION,
        unsatisfied=errors.VALIDATION,
        internal="InternalServerException",
    ),
    "customer-profiles": ServiceSpec(
        handlers=profiles.HANDLERS,
        malformed=errors.BAD_REQUEST,
        unsatisfied=errors.BAD_REQUEST,
        internal="InternalServerException",
    ),
    "connect": ServiceSpec(
        handlers=metrics.HANDLERS,
        malformed=errors.INVALID_REQUEST,
        unsatisfied=errors.INVALID_PARAMETER,
        internal="InternalServiceException",
    ),
}


class Operation:
    """One operation of a service: its route, and what is compiled from its model at its first use."""

    def __init__(self, service: Service, model: OperationModel) -> None:
        self.service = service
        self.name = str(model.name)
        self.handler = service.spec.handlers.get(self.name)
        self._model = model
        self._path = [_unbrace(part) for part in model.http_trait.path.strip("/").split("/")]

    @property
    def method(self) -> str:
        """HTTP method."""
        return self._model.http_trait.method

    @property
    def literals(self) -> int:
        """Parts of the path that are fixed words; the route with the most of them wins."""
        return sum(label is None for _, label in self._path)

    @property
    def parts(self) -> int:
        """Parts of the path."""
        return len(self._path)

    def match(self, parts: list[bytes]) -> dict[str, str] | None:
        """Match a path of as many parts, still percent-encoded (an ARN is one part); give the labels' values."""
        labels: dict[str, str] = {}
        for (word, label), part in zip(self._path, parts, strict=True):
            if label is not None and part:
                labels[label] = unquote_to_bytes(part).decode(errors="replace")
            elif word != part:
                return None
        return labels

    @cached_property
    def parser(self) -> Any:
        """Moto's parser; it gives aware timestamps with ours."""
        return PROTOCOL_PARSERS["rest-json"](self._model, timestamp_parser=shapes.read_timestamp)

    @cached_property
    def serializer(self) -> Any:
        """Moto's serializer; it has a mutable path, so all use stays on the event loop's thread."""
        return get_serializer_class(self.service.name, "rest-json")(self._model)

    @cached_property
    def check_types(self) -> shapes.Check | None:
        """Check of the raw body, or None for an operation without one."""
        shape: Any = self._model.input_shape
        return shapes.type_check(shape) if shape is not None and self.has_body else None

    @cached_property
    def check_constraints(self) -> shapes.Check | None:
        """Check of the parsed members, or None for an operation without input."""
        shape: Any = self._model.input_shape
        return None if shape is None else shapes.constraint_check(shape)

    @cached_property
    def has_body(self) -> bool:
        """Whether any member travels in the body."""
        return any("location" not in member.serialization for member in self._members.values())

    @cached_property
    def labels_only(self) -> bool:
        """Whether all there is to parse are the path's labels, all text: then no parser is needed."""
        return all(
            member.serialization.get("location") == "uri" and member.type_name == "string"
            for member in self._members.values()
        )

    @cached_property
    def label_members(self) -> dict[str, str]:
        """The member's name of each label."""
        return {
            member.serialization.get("name", name): name
            for name, member in self._members.items()
            if member.serialization.get("location") == "uri"
        }

    @cached_property
    def text_checks(self) -> dict[str, shapes.Check]:
        """Checks of the members that come in the query, by their name there."""
        return {
            member.serialization.get("name", name): shapes.text_check(member)
            for name, member in self._members.items()
            if member.serialization.get("location") == "querystring"
        }

    @cached_property
    def texts_only(self) -> bool:
        """Whether a result is nothing but texts in the body: plain JSON, then no serializer is needed."""
        shape: Any = self._model.output_shape
        return shape is not None and all(
            member.type_name == "string" and not member.serialization for member in shape.members.values()
        )

    @property
    def answers_nothing(self) -> bool:
        """Whether its reply has no content."""
        shape: Any = self._model.output_shape
        return shape is None or not shape.members

    @property
    def input_names(self) -> list[str]:
        """Names of the input's members."""
        return list(self._members)

    @property
    def _members(self) -> dict[str, Any]:
        shape: Any = self._model.input_shape
        return {} if shape is None else shape.members


class Service:
    """One service: its operations, routed as its model says."""

    def __init__(self, name: str, spec: ServiceSpec) -> None:
        self.name = name
        self.spec = spec
        model = get_service_model(name)
        unknown = set(spec.handlers) - set(model.operation_names)
        if unknown:
            message = f"Handlers for operations that `{name}` doesn't have: {sorted(unknown)}"
            raise RuntimeError(message)
        self.operations = {
            operation_name: Operation(self, model.operation_model(operation_name))
            for operation_name in model.operation_names
        }
        self.errors = {shape.name: shape for shape in model.error_shapes}
        routes: dict[tuple[str, int], list[Operation]] = defaultdict(list)
        for operation in sorted(self.operations.values(), key=lambda operation: -operation.literals):
            routes[operation.method, operation.parts].append(operation)
        self._routes = dict(routes)

    def route(self, method: str, raw_path: bytes) -> tuple[Operation, dict[str, str]] | None:
        """Find the operation that a request means, with the values of its path's labels."""
        parts = raw_path.strip(b"/").split(b"/")
        for operation in self._routes.get((method, len(parts)), ()):
            labels = operation.match(parts)
            if labels is not None:
                return operation, labels
        return None


def _unbrace(part: str) -> tuple[bytes, str | None]:
    label = re.fullmatch(r"\{(\w+)\}", part)
    return part.encode(), label.group(1) if label else None


SERVICES = {name: Service(name, spec) for name, spec in SPECS.items()}
