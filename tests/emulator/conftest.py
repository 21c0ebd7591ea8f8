"""What the emulator's own tests share."""

from __future__ import annotations

import pytest

from tests.emulator.campaign_kit import Kit


@pytest.fixture
def kit(emulator) -> Kit:
    """Campaigns in an emulator whose clock stands still."""
    return Kit(emulator)
