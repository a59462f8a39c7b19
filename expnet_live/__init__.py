"""ExpNet Live: 3D facial expressions from pictures, without landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expnet_live.core.version import __version__

__all__ = ["Pipeline", "__version__"]

if TYPE_CHECKING:
    from expnet_live.pipeline.pipeline import Pipeline


def __getattr__(name: str) -> Any:
    # Lazy, so that `expnet-live --help` need not wait for torch.
    if name == "Pipeline":
        from expnet_live.pipeline.pipeline import Pipeline

        return Pipeline
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
