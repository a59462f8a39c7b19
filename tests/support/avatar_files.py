"""Makes avatars of our own face and rig: a rigged GLB head, a VRM 0 and a VRM 1 with bodies.

python tests/support/avatar_files.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from avatar_bodies import Body

from expnet_live.core.arkit import ARKIT


def _apple(name: str) -> str:
    """As Apple's own files write it: eyeBlink_L."""
    for side in ("Left", "Right"):
        if name.endswith(side) and name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
            return f"{name.removesuffix(side)}_{side[0]}"
    return name


def glb_head() -> bytes:
    """A rigged head with ARKit's 52 morph targets, with Apple's spelling, without a body."""
    body = Body(turned=False)
    body.face(body.moved, [_apple(n) for n in ARKIT], {"doubleSided": True})
    body.eyes()
    return body.make.content()


def _sum(body: Body, **weights: float) -> Any:
    return sum(w * body.moved[ARKIT.index(name)] for name, w in weights.items())


def _presets(body: Body) -> dict[str, Any]:
    """The morph targets of VRM's presets."""
    both = {f"{n}{side}": 1.0 for n in ("mouthSmile", "cheekSquint") for side in ("Left", "Right")}
    return {
        "aa": _sum(body, jawOpen=0.6), "ih": _sum(body, mouthStretchLeft=0.6, mouthStretchRight=0.6, jawOpen=0.1),
        "ou": _sum(body, mouthPucker=1.0), "ee": _sum(body, mouthStretchLeft=0.5, mouthStretchRight=0.5),
        "oh": _sum(body, jawOpen=0.4, mouthFunnel=1.0),
        "blinkLeft": _sum(body, eyeBlinkLeft=1.0), "blinkRight": _sum(body, eyeBlinkRight=1.0),
        "happy": _sum(body, **both), "angry": _sum(body, browDownLeft=1.0, browDownRight=1.0),
        "sad": _sum(body, mouthFrownLeft=1.0, mouthFrownRight=1.0, browInnerUp=0.7),
        "surprised": _sum(body, browOuterUpLeft=1.0, browOuterUpRight=1.0, eyeWideLeft=1.0, eyeWideRight=1.0),
    }  # fmt: skip


def vrm_0(*, one_blink: bool = False) -> bytes:
    """It faces -z and has VRM's presets alone; `one_blink`: for both eyes together."""
    from expnet_live.core.channels import VRM_0_NAMES

    body = Body(turned=True, prefix="J_Bip_C_", bunches=True)
    presets = _presets(body)
    if one_blink:
        presets["blink"] = presets.pop("blinkLeft") + presets.pop("blinkRight")
    unlit = {"extensions": {"KHR_materials_unlit": {}}}
    body.face(np.stack(list(presets.values())), [f"Fcl_{n}" for n in presets], unlit)
    body.eyes(**unlit)
    body.body((70, 90, 150), (150, 90, 60), **unlit)
    document = body.make.document
    mesh = 0
    groups = [
        {"name": VRM_0_NAMES.get(n, n.title()), "presetName": VRM_0_NAMES.get(n, n).lower() if n != "surprised"
         else "unknown", "binds": [{"mesh": mesh, "index": i, "weight": 100}], "materialValues": [], "isBinary": False}
        for i, n in enumerate(presets)
    ]  # fmt: skip
    degrees = {"curve": [0, 0, 0, 1, 1, 1, 1, 0], "xRange": 90, "yRange": 60}
    sides = ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
    document["extensionsUsed"] = ["VRM", "KHR_materials_unlit"]
    document["extensions"] = {"VRM": {
        "specVersion": "0.0", "exporterVersion": "ExpNet Live's tests",
        "meta": {"title": "Zero", "version": "1", "author": "ExpNet Live", "allowedUserName": "Everyone",
                 "violentUssageName": "Disallow", "sexualUssageName": "Disallow", "commercialUssageName": "Allow",
                 "licenseName": "CC0"},
        "humanoid": {"humanBones": [{"bone": name, "node": node} for name, node in body.bones.items()]},
        "blendShapeMaster": {"blendShapeGroups": groups},
        "firstPerson": {"lookAtTypeName": "Bone", **{f"lookAt{side}": degrees for side in sides}},
        "secondaryAnimation": {
            "boneGroups": [{"comment": "bunches", "stiffiness": 0.6, "gravityPower": 0.15,
                            "gravityDir": {"x": 0, "y": -1, "z": 0}, "dragForce": 0.3, "center": -1, "hitRadius": 0.015,
                            "bones": [nodes[0] for nodes in body.bunches], "colliderGroups": [0]}],
            "colliderGroups": [{"node": body.head, "colliders": [
                {"offset": {"x": 0, "y": 0.1, "z": -0.02}, "radius": 0.09}]}],
        },
        "materialProperties": [
            {"name": m["name"], "shader": "VRM/MToon", "vectorProperties": {"_ShadeColor": [0.72, 0.55, 0.55, 1]},
             "floatProperties": {"_ShadeToony": 0.9, "_ShadeShift": 0.0, "_CullMode": 0 if m.get("doubleSided") else 2,
                                 "_BlendMode": int(m.get("alphaMode") == "MASK"), "_Cutoff": 0.5},
             "textureProperties": {"_MainTex": m["pbrMetallicRoughness"]["baseColorTexture"]["index"]}
             if "baseColorTexture" in m["pbrMetallicRoughness"] else {}} for m in document["materials"]],
    }}  # fmt: skip
    return body.make.content()


def vrm_1() -> bytes:
    """It faces +z, has presets and ARKit's actions as expressions of their own (Perfect Sync), and spring bones."""
    body = Body(turned=False, bunches=True)
    toon = {"extensions": {"VRMC_materials_mtoon": {"specVersion": "1.0", "shadeColorFactor": [0.5, 0.35, 0.35],
            "shadingToonyFactor": 0.8, "shadingShiftFactor": -0.1}}}  # fmt: skip
    presets = _presets(body)
    targets = np.concatenate([body.moved, np.stack(list(presets.values()))])
    node = body.face(targets, [f"Face.{n}" for n in [*ARKIT, *presets]], toon)
    body.eyes(**toon)
    body.body((150, 60, 70), (60, 60, 75), **toon)

    def clip(index: int) -> dict[str, Any]:
        return {"morphTargetBinds": [{"node": node, "index": index, "weight": 1.0}], "isBinary": False}

    angles = {"inputMaxValue": 90, "outputScale": 60}
    sides = ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
    document = body.make.document
    document["extensionsUsed"] = ["VRMC_vrm", "VRMC_materials_mtoon", "VRMC_springBone"]
    swinging = {"hitRadius": 0.015, "stiffness": 0.6, "gravityPower": 0.15, "gravityDir": [0, -1, 0], "dragForce": 0.3}
    document["extensions"] = {"VRMC_vrm": {
        "specVersion": "1.0",
        "meta": {"name": "One", "version": "1", "authors": ["ExpNet Live", "Nobody"],
                 "licenseUrl": "https://vrm.dev/licenses/1.0/", "avatarPermission": "everyone",
                 "commercialUsage": "personalNonProfit", "creditNotation": "required", "allowRedistribution": False,
                 "modification": "prohibited", "allowExcessivelyViolentUsage": False},
        "humanoid": {"humanBones": {name: {"node": n} for name, n in body.bones.items()}},
        "expressions": {"preset": {n: clip(len(ARKIT) + i) for i, n in enumerate(presets)},
                        "custom": {n[0].upper() + n[1:]: clip(i) for i, n in enumerate(ARKIT)}},
        "lookAt": {"type": "bone", "offsetFromHeadBone": [0, 0.06, 0], **{f"rangeMap{s}": angles for s in sides}},
    }, "VRMC_springBone": {
        "specVersion": "1.0",
        "colliders": [
            {"node": body.head, "shape": {"sphere": {"offset": [0, 0.1, 0.02], "radius": 0.09}}},
            {"node": body.bones["chest"], "shape": {"capsule": {
                "offset": [-0.14, 0.2, 0], "tail": [0.14, 0.2, 0], "radius": 0.05}}},
        ],
        "colliderGroups": [{"name": "head and shoulders", "colliders": [0, 1]}],
        "springs": [{"name": f"bunch {i}", "joints": [{"node": n, **swinging} for n in nodes], "colliderGroups": [0]}
                    for i, nodes in enumerate(body.bunches)],
    }}  # fmt: skip
    return body.make.content()


AVATARS = {"head.glb": glb_head, "zero.vrm": vrm_0, "one.vrm": vrm_1}


def write_avatars(folder: Path) -> dict[str, Path]:
    for name, make in AVATARS.items():
        (folder / name).write_bytes(make())
    return {name: folder / name for name in AVATARS}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write_avatars(folder)
