"""Reads an avatar's materials: glTF's own, MToon's of VRM 1 and of VRM 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from expnet_live.avatars import schema
from expnet_live.avatars.container import Container
from expnet_live.avatars.model import Alpha, Material
from expnet_live.avatars.vrm import linear_of, materials_of
from expnet_live.core.records import record_of

_SEEN = 0.5  # m: about the height of a picture of a head
_SOLID_BLEND = 3.0  # VRM 0's _BlendMode of what is transparent and hides what is behind
_WIDEST = 0.02  # m, of an outline


class Surfaces:
    """`notes` gets sentences about what is left out."""

    def __init__(self, file: Container, notes: list[str]) -> None:
        self._file, self._document, self._notes = file, file.document, notes
        self._toon = materials_of(file)

    def material(self, number: int, material: schema.Material) -> Material:
        surface, extensions = material.pbr_metallic_roughness, material.extensions
        alpha = material.alpha_mode
        if alpha not in tuple(Alpha):
            raise self._file.broken(f"a material has the unknown transparency {alpha[:12]}")
        toon: dict[str, Any] = {}
        if "VRMC_materials_mtoon" in extensions:
            toon = _toon_1(material_record(self._file, extensions["VRMC_materials_mtoon"], schema.MToon))
        elif number < len(self._toon) and self._toon[number].shader == "VRM/MToon":
            toon = _toon_0(self._toon[number])
        strength = 1.0
        if "KHR_materials_emissive_strength" in extensions:
            given = material_record(self._file, extensions["KHR_materials_emissive_strength"], schema.EmissiveStrength)
            strength = given.emissive_strength
        r, g, b = (float(np.clip(c * strength, 0, 1)) for c in material.emissive_factor)
        glows, base = material.emissive_texture, surface.base_color_texture
        bumps = material.normal_texture
        return Material(
            material.name, surface.base_color_factor, None if base is None else self._source(base.index), Alpha(alpha),
            material.alpha_cutoff, material.double_sided, "KHR_materials_unlit" in extensions and not toon,
            glow=(r, g, b), glow_texture=self._source(glows.index) if glows is not None and max(r, g, b) > 0 else None,
            bumps=None if bumps is None else self._source(bumps.index),
            bump_scale=1.0 if bumps is None else bumps.scale, **toon,
        )  # fmt: skip

    def _source(self, texture: int) -> int | None:
        textures = self._document.textures
        if texture >= len(textures):
            raise self._file.broken(f"it refers to texture {texture}, and has {len(textures)}")
        source = textures[texture].source
        webp = textures[texture].extensions.get("EXT_texture_webp")
        if isinstance(webp, dict) and isinstance(webp.get("source"), int):
            source = webp["source"]
        if source is None:
            self._notes.append("One of its textures is of a kind that this program does not read.")
            return None
        if not 0 <= source < len(self._document.images):
            raise self._file.broken(f"it refers to image {source}, and has {len(self._document.images)}")
        return int(source)


def material_record(file: Container, data: Any, kind: type[Any]) -> Any:
    """A part of a material. Raises UserError if it is damaged."""
    try:
        return record_of(data, kind)
    except ValueError as error:
        raise file.broken(f"a material has {error}") from error


def _toon_1(toon: schema.MToon) -> dict[str, Any]:
    return {
        "shade": toon.shade_color_factor,
        "toony": float(np.clip(toon.shading_toony_factor, 0, 1)),
        "shift": float(np.clip(toon.shading_shift_factor, -1, 1)),
        "outline": _outline(toon.outline_width_mode, toon.outline_width_factor),
        "outline_color": toon.outline_color_factor,
        "solid": toon.transparent_with_z_write,
        "queue": float(toon.render_queue_offset_number),
    }


def _toon_0(toon: schema.Material0) -> dict[str, Any]:
    """What a material of VRM 0 says of MToon; Unity stores colours as sRGB, and widths in cm."""
    vectors, floats = toon.vector_properties, toon.float_properties
    toony, shift = _edge_of_vrm_0(floats.get("_ShadeToony", 0.9), floats.get("_ShadeShift", 0.0))
    mode = {1: "worldCoordinates", 2: "screenCoordinates"}.get(int(floats.get("_OutlineWidthMode", 0)), "none")
    return {
        "shade": linear_of([*vectors.get("_ShadeColor", []), 1.0, 1.0, 1.0][:3]),
        "toony": float(np.clip(toony, 0, 1)),
        "shift": float(np.clip(shift, -1, 1)),
        "outline": _outline(mode, 0.01 * floats.get("_OutlineWidth", 0.0)),
        "outline_color": linear_of([*vectors.get("_OutlineColor", []), 0.0, 0.0, 0.0][:3]),
        "solid": floats.get("_BlendMode", 0.0) == _SOLID_BLEND,
        "queue": float(max(toon.render_queue, 0)),
    }


def _outline(mode: str, width: float) -> float:
    """The width of an outline in m; those of the screen are a part of its height."""
    metres = {"worldCoordinates": width, "screenCoordinates": width * _SEEN}.get(mode, 0.0)
    return float(np.clip(metres, 0, _WIDEST))


def _edge_of_vrm_0(toony: float, shift: float) -> tuple[float, float]:
    """VRM 1's toony and shift of VRM 0's, whose shade ends at `shift` and whose light begins between there and 1."""
    low, high = shift, 1 + (shift - 1) * toony
    return 1 - (high - low) / 2, -(high + low) / 2
