"""Documents that must not fall behind the code."""

from __future__ import annotations

import re
from pathlib import Path

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


def test_the_changelog_s_newest_release_is_the_package_s():
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    released = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert version
    assert released[0] == version[1]
