"""The paper's official release, once its files were imported."""

from __future__ import annotations

from expnet_live.official.model import OfficialModel

MODEL = OfficialModel()
