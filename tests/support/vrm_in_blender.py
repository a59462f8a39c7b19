"""Run by a Python that has bpy, and bpy-vrm-format for VRM: imports an avatar and exports it again with Blender's own
exporter, or with the VRM add-on, which both want other bones than ours have: arms and legs are added.
"""

import sys

import bpy

LIMBS = {
    "UpperArm": ("chest", 0.18, 1.28),
    "LowerArm": ("UpperArm", 0.3, 1.1),
    "Hand": ("LowerArm", 0.4, 0.95),
    "UpperLeg": ("hips", 0.1, 0.8),
    "LowerLeg": ("UpperLeg", 0.1, 0.45),
    "Foot": ("LowerLeg", 0.1, 0.08),
}  # what each hangs on, and where it begins: m to the side, and up


def snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def add_limbs(armature: bpy.types.Object, bones: dict[str, str]) -> dict[str, str]:
    """Add limbs to a skeleton of which `bones` are known; the names of theirs."""
    added = {}
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for side, x in (("left", 1), ("right", -1)):
        for name, (above, out, height) in LIMBS.items():
            if bones.get(f"{side}{name}"):
                continue
            bone = armature.data.edit_bones.new(f"{side}{name}")
            bone.parent = armature.data.edit_bones[bones[above] if above in bones else added[f"{side}{above}"]]
            bone.head, bone.tail = (x * out, 0.085, height), (x * out, 0.085, height - 0.08)
            added[f"{side}{name}"] = bone.name
    bpy.ops.object.mode_set(mode="OBJECT")
    return added


source, target = sys.argv[1:3]
bpy.ops.wm.read_factory_settings(use_empty=True)
if source.endswith(".glb"):
    bpy.ops.import_scene.gltf(filepath=source)
    bpy.ops.export_scene.gltf(filepath=target, export_format="GLB")
else:
    bpy.ops.preferences.addon_enable(module="io_scene_vrm")
    bpy.ops.import_scene.vrm(filepath=source)
    (armature,) = [o for o in bpy.data.objects if o.type == "ARMATURE"]
    vrm = armature.data.vrm_addon_extension
    if vrm.spec_version == "1.0":
        human = vrm.vrm1.humanoid.human_bones
        known = [s + n for s in ("left", "right") for n in LIMBS]
        limbs = add_limbs(armature, {n: getattr(human, snake(n)).node.bone_name for n in ("hips", "chest", *known)})
        for name, bone in limbs.items():
            getattr(human, snake(name)).node.bone_name = bone
    else:
        human = {b.bone: b for b in vrm.vrm0.humanoid.human_bones}
        limbs = add_limbs(armature, {n: b.node.bone_name for n, b in human.items()})
        for name, bone in limbs.items():
            if name not in human:
                human[name] = vrm.vrm0.humanoid.human_bones.add()
                human[name].bone = name
            human[name].node.bone_name = bone
    result = bpy.ops.export_scene.vrm(filepath=target, armature_object_name=armature.name)
    assert result == {"FINISHED"}, result
