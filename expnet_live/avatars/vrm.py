"""What VRM 0 and VRM 1 add to a glTF file: licence, bones, expressions, and how eyes look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from expnet_live.avatars import schema
from expnet_live.avatars.container import Container
from expnet_live.avatars.model import Bind, Clip, Licence, Looking, Range, Vrm
from expnet_live.core.channels import VRM_0_NAMES
from expnet_live.core.records import record_of

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


def vrm_of(container: Container, meshes: Mapping[int, list[int]]) -> Vrm | None:
    """VRM's part of a file, None without one. `meshes`: the nodes of each mesh. Raises UserError."""
    extensions = container.document.extensions
    try:
        if "VRMC_vrm" in extensions:
            return _vrm_1(record_of(extensions["VRMC_vrm"], schema.Vrm1), len(container.document.nodes))
        if "VRM" in extensions:
            return _vrm_0(record_of(extensions["VRM"], schema.Vrm0), meshes, len(container.document.nodes))
    except ValueError as error:
        raise container.broken(f"its VRM part has {error}") from error
    return None


def materials_of(container: Container) -> list[schema.Material0]:
    """VRM 0's descriptions of the materials, in their order; empty for other files."""
    try:
        return record_of(container.document.extensions.get("VRM") or {}, schema.Vrm0).material_properties
    except ValueError as error:
        raise container.broken(f"its VRM part has {error}") from error


def _vrm_1(vrm: schema.Vrm1, n: int) -> Vrm:
    bones = {name: bone.node for name, bone in vrm.humanoid.human_bones.items() if bone.node < n}
    given = vrm.expressions or schema.Expressions()
    named = [(name, name, e) for name, e in given.preset.items()] + [(name, "", e) for name, e in given.custom.items()]
    clips = [
        Clip(name, preset, tuple(Bind(b.node, b.index, b.weight) for b in e.morph_target_binds or ()), e.is_binary)
        for name, preset, e in named
    ]
    look = vrm.look_at or schema.LookAt()
    ranges = (
        look.range_map_horizontal_inner,
        look.range_map_horizontal_outer,
        look.range_map_vertical_down,
        look.range_map_vertical_up,
    )
    looking = Looking(
        look.type == "bone", *(Range() if r is None else Range(r.input_max_value, r.output_scale) for r in ranges)
    )
    return Vrm(1, _licence(vrm.meta, "name", "authors", _META_1), bones, tuple(clips), looking)


def _vrm_0(vrm: schema.Vrm0, meshes: Mapping[int, list[int]], n: int) -> Vrm:
    bones = {b.bone: b.node for b in vrm.humanoid.human_bones if 0 <= b.node < n}
    clips = []
    for group in vrm.blend_shape_master.blend_shape_groups:
        binds = [
            Bind(node, b.index, b.weight / 100)
            for b in group.binds or ()
            for node in meshes.get(b.mesh, [])
            if b.index >= 0
        ]
        preset = _PRESETS_0.get(group.preset_name.lower(), "")
        clips.append(Clip(group.name or group.preset_name, preset, tuple(binds), group.is_binary))
    person = vrm.first_person
    ranges = (
        person.look_at_horizontal_inner,
        person.look_at_horizontal_outer,
        person.look_at_vertical_down,
        person.look_at_vertical_up,
    )
    looking = Looking(
        person.look_at_type_name == "Bone", *(Range() if r is None else Range(r.x_range, r.y_range) for r in ranges)
    )
    return Vrm(0, _licence(vrm.meta, "title", "author", _META_0), bones, tuple(clips), looking)


def _licence(meta: Mapping[str, Any], title: str, authors: str, labels: Mapping[str, str]) -> Licence:
    conditions = [(label, _text(meta[key])) for key, label in labels.items() if meta.get(key) not in (None, "", [])]
    return Licence(_text(meta.get(title, "")), _text(meta.get(authors, "")), tuple(conditions))


def _text(value: Any) -> str:
    if isinstance(value, str | bool):
        return str(_WORDS.get(value, value))[:_LONGEST]
    if isinstance(value, Iterable):
        return ", ".join(str(v) for v in value)[:_LONGEST]
    return str(value)[:_LONGEST]
