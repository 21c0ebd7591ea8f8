"""Documents that must not fall behind the code."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from connect_campaigns.core.definitions import define
from connect_campaigns.core.guards import GUARDS
from connect_campaigns.core.states import CampaignState

ROOT = Path(__file__).parents[2]


def test_the_table_of_guards_is_in_their_order():
    table = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "guards.md").read_text(), re.MULTILINE)
    assert table == [guard.name for guard in GUARDS]


def test_the_readme_explains_every_state():
    readme = (ROOT / "README.md").read_text()
    for state in CampaignState:
        assert f"| {state.value} |" in readme


def test_links_between_documents_lead_somewhere():
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_release_is_one_everywhere():
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    released = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    emulator = re.search(r'^version = "(.+)"$', (ROOT / "emulator" / "pyproject.toml").read_text(), re.MULTILINE)
    images = re.findall(r"image: connect-campaigns/\w+:(\S+)", (ROOT / "docker-compose.yaml").read_text())
    assert version
    assert emulator
    assert {released[0], emulator[1], *images} == {version[1]}


def test_a_file_of_the_package_is_read_in_one_sitting():
    for path in [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "emulator").rglob("*.py"), *(ROOT / "demo").rglob("*.py")]:
        assert len(path.read_text().splitlines()) <= 300, path


def test_decisions_need_the_standard_library_only():
    for path in (ROOT / "plugins" / "connect_campaigns" / "core").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                root = name.partition(".")[0]
                assert root in sys.stdlib_module_names or root == "connect_campaigns", f"{path.name}: {name}"


def test_the_python_of_the_page_on_segments_runs():
    [block] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "segments.md").read_text(), re.DOTALL)
    made: dict[str, object] = {}
    exec(block, made)  # noqa: S102 - our own document
    text = re.search(r"```text\n(.*?)\n```", (ROOT / "docs" / "segments.md").read_text(), re.DOTALL)
    assert text
    assert define(name="page", groups=made["GROUPS"]).name.startswith("page-")
    assert len(define(name="page", groups=text[1]).groups["Groups"][0]["Dimensions"]) == 3
