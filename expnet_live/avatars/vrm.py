"""What VRM 0 and VRM 1 add to a glTF file: licence, bones, expressions, and how eyes look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from expnet_live.avatars import schema
from expnet_live.avatars.container import Container
from expnet_live.avatars.model import Bind, Clip, Licence, Looking, Override, Part, Range, Tint, Vrm
from expnet_live.avatars.springs import springs_0, springs_1
from expnet_live.core.channels import VRM_0_NAMES
from expnet_live.core.records import record_of
from expnet_live.core.srgb import linear_from_srgb
from expnet_live.heads.rig import EYE_PITCH

_LONGEST = 300  # characters of a text of the licence
# VRM 0 writes the names of presets in lower case.
_PRESETS_0 = {theirs.lower(): name for name, theirs in VRM_0_NAMES.items()} | {
    "blink": "blink", "lookup": "lookUp", "lookdown": "lookDown", "lookleft": "lookLeft", "lookright": "lookRight",
    "neutral": "neutral",
}  # fmt: skip
_META_1 = {
    "version": "Version", "authors": "Author", "copyrightInformation": "Copyright", "contactInformation": "Contact",
    "references": "References", "licenseUrl": "Licence", "otherLicenseUrl": "Other licence",
    "thirdPartyLicenses": "Third-party licences", "avatarPermission": "Who may perform it",
    "allowExcessivelyViolentUsage": "Violent use", "allowExcessivelySexualUsage": "Sexual use",
    "commercialUsage": "Commercial use", "allowPoliticalOrReligiousUsage": "Political or religious use",
    "allowAntisocialOrHateUsage": "Antisocial use", "creditNotation": "Credit", "allowRedistribution": "Redistribution",
    "modification": "Modification",
}  # fmt: skip
_META_0 = {
    "version": "Version", "author": "Author", "contactInformation": "Contact", "reference": "References",
    "licenseName": "Licence", "otherLicenseUrl": "Other licence", "allowedUserName": "Who may perform it",
    "violentUssageName": "Violent use", "sexualUssageName": "Sexual use", "commercialUssageName": "Commercial use",
    "otherPermissionUrl": "Other permissions",
}  # fmt: skip
_WORDS = {
    True: "allowed", False: "not allowed", "Allow": "allowed", "Disallow": "not allowed",
    "onlyAuthor": "its author alone", "OnlyAuthor": "its author alone",
    "onlySeparatelyLicensedPerson": "people with a licence", "ExplicitlyLicensedPerson": "people with a licence",
    "everyone": "everyone", "Everyone": "everyone",
    "personalNonProfit": "personal, without profit", "personalProfit": "personal, also for profit",
    "corporation": "also by companies", "required": "required", "unnecessary": "not required",
    "prohibited": "not allowed", "allowModification": "allowed",
    "allowModificationRedistribution": "allowed, also to pass on",
}  # fmt: skip


_NOT_DRAWN = "Its expressions change materials in ways that are not shown: {names}."
_NAMES_0 = {"_Color": Part.COLOR, "_ShadeColor": Part.SHADE, "_EmissionColor": Part.GLOW}


def vrm_of(container: Container, meshes: Mapping[int, list[int]]) -> Vrm | None:
    """VRM's part of a file, None without one. `meshes`: the nodes of each mesh. Raises UserError."""
    extensions = container.document.extensions
    try:
        if "VRMC_vrm" in extensions:
            document = container.document
            vrm = _vrm_1(record_of(extensions["VRMC_vrm"], schema.Vrm1), len(document.nodes), len(document.materials))
            return replace(vrm, springs=springs_1(extensions.get("VRMC_springBone") or {}, len(document.nodes)))
        if "VRM" in extensions:
            names = [m.name for m in container.document.materials]
            given = record_of(extensions["VRM"], schema.Vrm0)
            children = [node.children for node in container.document.nodes]
            vrm = _vrm_0(given, meshes, len(children), names)
            return replace(vrm, springs=springs_0(given.secondary_animation, children))
    except ValueError as error:
        raise container.broken(f"its VRM part has {error}") from error
    return None


def materials_of(container: Container) -> list[schema.Material0]:
    """VRM 0's descriptions of the materials, in their order; empty for other files."""
    try:
        return record_of(container.document.extensions.get("VRM") or {}, schema.Vrm0).material_properties
    except ValueError as error:
        raise container.broken(f"its VRM part has {error}") from error


def _vrm_1(vrm: schema.Vrm1, n: int, n_materials: int) -> Vrm:
    bones = {name: bone.node for name, bone in vrm.humanoid.human_bones.items() if bone.node < n}
    given = vrm.expressions or schema.Expressions()
    named = [(name, name, e) for name, e in given.preset.items()] + [(name, "", e) for name, e in given.custom.items()]
    clips, left_out = [], dict[str, None]()
    for name, preset, e in named:
        binds = tuple(Bind(b.node, b.index, b.weight) for b in e.morph_target_binds or ())
        tints = [
            Tint(b.material, Part(b.type), b.target_value)
            for b in e.material_color_binds or ()
            if b.material < n_materials and b.type in tuple(Part)
        ]
        tints += [
            Tint(b.material, Part.PLACE, (*b.scale, *b.offset))
            for b in e.texture_transform_binds or ()
            if b.material < n_materials
        ]
        left_out |= dict.fromkeys(b.type for b in e.material_color_binds or () if b.type not in tuple(Part))
        overrides = _override(e.override_blink), _override(e.override_look_at), _override(e.override_mouth)
        clips.append(Clip(name, preset, binds, e.is_binary, tuple(tints), overrides))
    look = vrm.look_at or schema.LookAt()
    ranges = (
        look.range_map_horizontal_inner,
        look.range_map_horizontal_outer,
        look.range_map_vertical_down,
        look.range_map_vertical_up,
    )
    by_bones = look.type == "bone"
    looking = Looking(
        by_bones, *(_range(by_bones, None if r is None else (r.input_max_value, r.output_scale)) for r in ranges)
    )
    licence = _licence(vrm.meta, "name", "authors", _META_1)
    return Vrm(1, licence, bones, tuple(clips), looking, notes=_notes(left_out))


def _range(by_bones: bool, given: tuple[float, float | None] | None) -> Range:
    """A range with what files leave out: bones turn by 10 degrees, expressions show wholly. Without any, bones follow
    the look, and expressions show wholly where our eyes look furthest."""
    if given is None:
        return Range() if by_bones else Range(float(np.degrees(EYE_PITCH)), 1.0)
    most, turn = given
    return Range(most, (10.0 if by_bones else 1.0) if turn is None else turn)


def _override(text: str) -> Override:
    return Override(text) if text in tuple(Override) else Override.NONE


def _notes(left_out: Iterable[str]) -> tuple[str, ...]:
    names = ", ".join(name[:40] for name in left_out)
    return (_NOT_DRAWN.format(names=names[:_LONGEST]),) if names else ()


def _vrm_0(vrm: schema.Vrm0, meshes: Mapping[int, list[int]], n: int, materials: list[str]) -> Vrm:
    bones = {b.bone: b.node for b in vrm.humanoid.human_bones if 0 <= b.node < n}
    clips, left_out = [], dict[str, None]()
    for group in vrm.blend_shape_master.blend_shape_groups:
        binds = [
            Bind(node, b.index, b.weight / 100)
            for b in group.binds or ()
            for node in meshes.get(b.mesh, [])
            if b.index >= 0
        ]
        preset = _PRESETS_0.get(group.preset_name.lower(), "")
        tints = []
        for value in group.material_values or ():
            found = _tints_0(value, materials)
            if found is None:
                left_out[value.property_name] = None
            else:
                tints += found
        clips.append(Clip(group.name or group.preset_name, preset, tuple(binds), group.is_binary, tuple(tints)))
    person = vrm.first_person
    ranges = (
        person.look_at_horizontal_inner,
        person.look_at_horizontal_outer,
        person.look_at_vertical_down,
        person.look_at_vertical_up,
    )
    by_bones = person.look_at_type_name == "Bone"
    looking = Looking(by_bones, *(_range(by_bones, None if r is None else (r.x_range, r.y_range)) for r in ranges))
    licence = _licence(vrm.meta, "title", "author", _META_0)
    return Vrm(0, licence, bones, tuple(clips), looking, notes=_notes(left_out))


def _tints_0(value: schema.MaterialValue0, materials: list[str]) -> list[Tint] | None:
    """What VRM 0 changes of a material, which it knows by its name; None if that is not drawn. Unity keeps colours as
    sRGB, and counts textures' rows from below."""
    numbers = [i for i, name in enumerate(materials) if name == value.material_name]
    name, given = value.property_name, [*value.target_value, *(1.0, 1.0, 1.0, 1.0)[len(value.target_value) :]]
    if name in _NAMES_0:
        r, g, b = linear_of(given[:3])
        return [Tint(n, _NAMES_0[name], (r, g, b, given[3])) for n in numbers]
    if name in ("_MainTex_ST", "_MainTex_ST_S", "_MainTex_ST_T"):
        across, up, x, y = given[:4]
        across, x = (1.0, 0.0) if name.endswith("_T") else (across, x)
        up, y = (1.0, 0.0) if name.endswith("_S") else (up, y)
        return [Tint(n, Part.PLACE, (across, up, x, 1 - up - y)) for n in numbers]
    return None


def _licence(meta: Mapping[str, Any], title: str, authors: str, labels: Mapping[str, str]) -> Licence:
    conditions = [(label, _text(meta[key])) for key, label in labels.items() if meta.get(key) not in (None, "", [])]
    return Licence(_text(meta.get(title, "")), _text(meta.get(authors, "")), tuple(conditions))


def _text(value: Any) -> str:
    if isinstance(value, str | bool):
        text = str(_WORDS.get(value, value))
    else:
        text = ", ".join(map(str, value)) if isinstance(value, Iterable) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def linear_of(color: Sequence[float]) -> tuple[float, ...]:
    """The linear RGB of an sRGB one, both 0..1."""
    return tuple(linear_from_srgb(255 * np.asarray(color)).tolist())
