"""The paper's official release, available once its files are imported."""

from __future__ import annotations

from expnet_live.official.model import OfficialModel

MODEL = OfficialModel()
