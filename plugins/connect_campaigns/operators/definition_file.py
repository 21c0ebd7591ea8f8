"""A segment definition in a YAML file beside the DAG: reviewed, versioned and the same in every environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_campaigns.core.errors import InvalidInput
from connect_campaigns.core.parameters import nearest, text

if TYPE_CHECKING:
    from pathlib import Path

    import yaml  # type: ignore[import-untyped] # its stubs are a distribution of their own

MEMBERS = ("name", "groups", "sql", "display_name", "description", "allow_all_profiles")


def read_definition(path: object, *, folder: Path) -> dict[str, Any]:
    """Read a definition file: ``name``, ``groups`` or ``sql``, and what else `CreateSegmentDefinitionOperator` takes.

    Every value is read as the text that stands there: ``yes``, ``1000`` and ``2026-02-01`` stay what they are.

    :param folder: the DAG file's, which a relative path starts from
    :raises InvalidInput: no such file, no YAML, an unknown or repeated member
    """
    file = folder / text("definition", path, longest=4096)
    try:
        content = _load(file.read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput.of(
            "definition",
            path,
            allowed="a YAML file that can be read, UTF-8, relative to the DAG file or absolute",
            hint=f"{file}: {getattr(error, 'strerror', None) or error}",
        ) from None
    if not isinstance(content, dict) or "name" not in content:
        raise InvalidInput.of(
            "definition",
            path,
            allowed="a file with `name:` and `groups:` (or `sql:`)",
            hint="docs/segments.md shows one",
        )
    for member in content:
        if member not in MEMBERS:
            raise InvalidInput(
                f"{path} has a member {member!r}", allowed=", ".join(MEMBERS), hint=nearest(str(member), MEMBERS)
            )
    return content


def _load(written: str, path: object) -> Any:
    import yaml  # what only a definition file needs, and a DAG's parse doesn't

    try:
        _refuse_repeated(yaml.compose(written, Loader=yaml.BaseLoader), path)
        return yaml.load(written, Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts, lists and dicts, nothing else
    except yaml.YAMLError as error:
        raise InvalidInput.of("definition", path, allowed="valid YAML", hint=" ".join(str(error).split())) from None


def _refuse_repeated(node: yaml.Node | None, path: object) -> None:
    """Refuse a key that stands twice: YAML's reader would silently take the last."""
    children = node.value if node is not None and isinstance(node.value, list) else []
    seen = set()
    for child in children:
        key, value = child if isinstance(child, tuple) else (None, child)
        if key is not None and key.value in seen:
            raise InvalidInput(
                f"{path} has {key.value!r} twice, the second time in line {key.start_mark.line + 1}",
                allowed="each member once",
                hint="join the two, or rename one",
            )
        seen.add(key.value if key is not None else id(child))
        _refuse_repeated(value, path)
