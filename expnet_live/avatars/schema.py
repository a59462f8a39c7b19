"""The parts of a glTF 2.0 document that an avatar needs, with VRM 0 and 1, checked as they are read.

Sources: Khronos' glTF 2.0 specification; the VRM Consortium's VRMC_vrm-1.0, VRMC_materials_mtoon-1.0,
VRMC_springBone-1.0 and VRM 0.0.
Fields keep the names of the files. What is not listed is ignored.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from expnet_live.core.records import Count, Number

Vector2 = tuple[Number, Number]
Vector3 = tuple[Number, Number, Number]
Vector4 = tuple[Number, Number, Number, Number]
_Few = msgspec.Meta(max_length=65536)


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    pass


class SparseIndices(_Part, frozen=True):
    buffer_view: Count
    component_type: int
    byte_offset: Count = 0


class SparseValues(_Part, frozen=True):
    buffer_view: Count
    byte_offset: Count = 0


class Sparse(_Part, frozen=True):
    count: Count
    indices: SparseIndices
    values: SparseValues


class Accessor(_Part, frozen=True):
    component_type: int
    count: Count
    type: str
    buffer_view: Count | None = None
    byte_offset: Count = 0
    normalized: bool = False
    sparse: Sparse | None = None


class View(_Part, frozen=True):
    buffer: Count
    byte_length: Count
    byte_offset: Count = 0
    byte_stride: Count | None = None


class Buffer(_Part, frozen=True):
    byte_length: Count
    uri: str | None = None


class Image(_Part, frozen=True):
    uri: str | None = None
    mime_type: str | None = None
    buffer_view: Count | None = None


class Texture(_Part, frozen=True):
    source: Count | None = None
    extensions: dict[str, Any] = {}


class TextureInfo(_Part, frozen=True):
    index: Count
    tex_coord: Count = 0
    extensions: dict[str, Any] = {}


class TextureTransform(_Part, frozen=True):
    offset: Vector2 = (0.0, 0.0)
    rotation: Number = 0.0
    scale: Vector2 = (1.0, 1.0)
    tex_coord: Count | None = None


class Surface(_Part, frozen=True):
    base_color_factor: Vector4 = (1.0, 1.0, 1.0, 1.0)
    base_color_texture: TextureInfo | None = None


class NormalTexture(_Part, frozen=True):
    index: Count
    tex_coord: Count = 0
    scale: Number = 1.0


class EmissiveStrength(_Part, frozen=True):
    emissive_strength: Number = 1.0


class Material(_Part, frozen=True):
    name: str = ""
    normal_texture: NormalTexture | None = None
    emissive_texture: TextureInfo | None = None
    pbr_metallic_roughness: Surface = Surface()
    emissive_factor: Vector3 = (0.0, 0.0, 0.0)
    alpha_mode: str = "OPAQUE"
    alpha_cutoff: Number = 0.5
    double_sided: bool = False
    extensions: dict[str, Any] = {}


class MToon(_Part, frozen=True):
    shade_color_factor: Vector3 = (0.0, 0.0, 0.0)
    shading_shift_factor: Number = 0.0
    shading_toony_factor: Number = 0.9
    outline_width_mode: str = "none"
    outline_width_factor: Number = 0.0
    outline_color_factor: Vector3 = (0.0, 0.0, 0.0)
    transparent_with_z_write: bool = False
    render_queue_offset_number: Number = 0


class Primitive(_Part, frozen=True):
    attributes: dict[str, Count]
    indices: Count | None = None
    material: Count | None = None
    mode: int = 4
    targets: list[dict[str, Count]] = []
    extensions: dict[str, Any] = {}
    extras: Any = None


class Mesh(_Part, frozen=True):
    primitives: list[Primitive]
    name: str = ""
    weights: list[Number] = []
    extras: Any = None


class Node(_Part, frozen=True):
    name: str = ""
    children: list[Count] = []
    mesh: Count | None = None
    skin: Count | None = None
    matrix: Annotated[list[Number], msgspec.Meta(min_length=16, max_length=16)] | None = None
    translation: Vector3 = (0.0, 0.0, 0.0)
    rotation: Vector4 = (0.0, 0.0, 0.0, 1.0)
    scale: Vector3 = (1.0, 1.0, 1.0)
    weights: list[Number] = []


class Skin(_Part, frozen=True):
    joints: list[Count]
    inverse_bind_matrices: Count | None = None


class Scene(_Part, frozen=True):
    nodes: list[Count] = []


class Asset(_Part, frozen=True):
    version: str


class Document(_Part, frozen=True):
    asset: Asset
    scene: Count | None = None
    scenes: list[Scene] = []
    nodes: Annotated[list[Node], _Few] = []
    meshes: Annotated[list[Mesh], _Few] = []
    skins: Annotated[list[Skin], _Few] = []
    materials: Annotated[list[Material], _Few] = []
    textures: Annotated[list[Texture], _Few] = []
    images: Annotated[list[Image], _Few] = []
    accessors: list[Accessor] = []
    buffer_views: list[View] = []
    buffers: Annotated[list[Buffer], _Few] = []
    extensions: dict[str, Any] = {}
    extensions_required: list[str] = []


# --- VRM 1 ----------------------------------------------------------------------------------------


class Bone(_Part, frozen=True):
    node: Count


class Humanoid(_Part, frozen=True):
    human_bones: dict[str, Bone] = {}


class MorphBind(_Part, frozen=True):
    node: Count
    index: Count
    weight: Number = 1.0


class ColorBind(_Part, frozen=True):
    material: Count
    type: str
    target_value: Vector4


class TextureBind(_Part, frozen=True):
    material: Count
    scale: Vector2 = (1.0, 1.0)
    offset: Vector2 = (0.0, 0.0)


class Expression(_Part, frozen=True):
    morph_target_binds: list[MorphBind] | None = None
    material_color_binds: list[ColorBind] | None = None
    texture_transform_binds: list[TextureBind] | None = None
    is_binary: bool = False
    override_blink: str = "none"
    override_look_at: str = "none"
    override_mouth: str = "none"


class Expressions(_Part, frozen=True):
    preset: dict[str, Expression] = {}
    custom: dict[str, Expression] = {}


class RangeMap(_Part, frozen=True):
    input_max_value: Number = 90.0
    output_scale: Number | None = None


class LookAt(_Part, frozen=True):
    type: str = "bone"
    range_map_horizontal_inner: RangeMap | None = None
    range_map_horizontal_outer: RangeMap | None = None
    range_map_vertical_down: RangeMap | None = None
    range_map_vertical_up: RangeMap | None = None


class Vrm1(_Part, frozen=True):
    meta: dict[str, Any] = {}
    humanoid: Humanoid = Humanoid()
    expressions: Expressions | None = None
    look_at: LookAt | None = None


class Sphere(_Part, frozen=True):
    offset: Vector3 = (0.0, 0.0, 0.0)
    radius: Number = 0.0


class Capsule(_Part, frozen=True):
    offset: Vector3 = (0.0, 0.0, 0.0)
    radius: Number = 0.0
    tail: Vector3 = (0.0, 0.0, 0.0)


class Shape(_Part, frozen=True):
    sphere: Sphere | None = None
    capsule: Capsule | None = None


class Collider(_Part, frozen=True):
    node: Count
    shape: Shape = Shape()


class ColliderGroup(_Part, frozen=True):
    colliders: list[Count] = []


class SpringJoint(_Part, frozen=True):
    node: Count
    hit_radius: Number = 0.0
    stiffness: Number = 1.0
    gravity_power: Number = 0.0
    gravity_dir: Vector3 = (0.0, -1.0, 0.0)
    drag_force: Number = 0.5


class Spring(_Part, frozen=True):
    joints: list[SpringJoint] = []
    collider_groups: list[Count] = []
    center: Count | None = None


class SpringBone(_Part, frozen=True):
    colliders: Annotated[list[Collider], _Few] = []
    collider_groups: Annotated[list[ColliderGroup], _Few] = []
    springs: Annotated[list[Spring], _Few] = []


# --- VRM 0 ----------------------------------------------------------------------------------------


class Bone0(_Part, frozen=True):
    bone: str
    node: int = -1


class Humanoid0(_Part, frozen=True):
    human_bones: list[Bone0] = []


class Bind0(_Part, frozen=True):
    mesh: int = -1
    index: int = -1
    weight: Number = 100.0


class MaterialValue0(_Part, frozen=True):
    material_name: str = ""
    property_name: str = ""
    target_value: list[Number] = []


class Group0(_Part, frozen=True):
    name: str = ""
    preset_name: str = "unknown"
    binds: list[Bind0] | None = None
    material_values: list[MaterialValue0] | None = None
    is_binary: bool = False


class Master0(_Part, frozen=True):
    blend_shape_groups: list[Group0] = []


class Degrees0(_Part, frozen=True):
    x_range: Number = 90.0
    y_range: Number | None = None


class FirstPerson0(_Part, frozen=True):
    look_at_type_name: str = "Bone"
    look_at_horizontal_inner: Degrees0 | None = None
    look_at_horizontal_outer: Degrees0 | None = None
    look_at_vertical_down: Degrees0 | None = None
    look_at_vertical_up: Degrees0 | None = None


class Vector0(_Part, frozen=True):
    x: Number = 0.0
    y: Number = 0.0
    z: Number = 0.0


class Collider0(_Part, frozen=True):
    offset: Vector0 = Vector0()
    radius: Number = 0.0


class ColliderGroup0(_Part, frozen=True):
    node: int = -1
    colliders: list[Collider0] = []


class BoneGroup0(_Part, frozen=True):
    stiffness: Number = msgspec.field(default=1.0, name="stiffiness")  # as the files spell it
    gravity_power: Number = 0.0
    gravity_dir: Vector0 = Vector0(y=-1.0)
    drag_force: Number = 0.4
    center: int = -1
    hit_radius: Number = 0.02
    bones: list[int] = []
    collider_groups: list[int] = []


class Secondary0(_Part, frozen=True):
    bone_groups: Annotated[list[BoneGroup0], _Few] = []
    collider_groups: Annotated[list[ColliderGroup0], _Few] = []


class Material0(_Part, frozen=True):
    shader: str = ""
    render_queue: int = -1
    vector_properties: dict[str, list[Number]] = {}
    float_properties: dict[str, Number] = {}


class Vrm0(_Part, frozen=True):
    meta: dict[str, Any] = {}
    humanoid: Humanoid0 = Humanoid0()
    blend_shape_master: Master0 = Master0()
    first_person: FirstPerson0 = FirstPerson0()
    material_properties: list[Material0] = []
    secondary_animation: Secondary0 = Secondary0()
