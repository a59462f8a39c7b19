"""Run by a Python that has Blender's bpy: imports a GLB and saves its vertices, in metres with y up, at times; also the
values of its shape keys, and how far each bone has turned from its rest, as matrices in the same frame.
"""

import json
import sys

import bpy
import numpy as np

source, target, *times = sys.argv[1:]
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.gltf(filepath=source, merge_vertices=False)
scene = bpy.context.scene
result, told = {}, {}
for obj in [o for o in bpy.data.objects if o.type == "MESH"]:
    keys = obj.data.shape_keys
    told[obj.name] = {
        "keys": [] if keys is None else [(k.name, k.slider_min, k.slider_max) for k in keys.key_blocks[1:]],
        "materials": [m.name for m in obj.data.materials],
    }
# From Blender's frame, z up, to ours.
turned = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
rate = scene.render.fps / scene.render.fps_base
for n, time in enumerate(times):
    frame = float(time) * rate
    scene.frame_set(int(frame), subframe=frame - int(frame))
    graph = bpy.context.evaluated_depsgraph_get()
    for name in told:
        evaluated = bpy.data.objects[name].evaluated_get(graph)
        points = np.array([v.co for v in evaluated.to_mesh().vertices])
        matrix = np.array(evaluated.matrix_world)
        world = points @ matrix[:3, :3].T + matrix[:3, 3]
        result[f"{name}_{n}"] = np.stack([world[:, 0], world[:, 2], -world[:, 1]], axis=1)
        keys = bpy.data.objects[name].data.shape_keys
        if keys is not None:
            result[f"{name}_{n}_keys"] = np.array([key.value for key in keys.key_blocks[1:]])
    for obj in [o for o in bpy.data.objects if o.type == "ARMATURE"]:
        for bone in obj.pose.bones:
            moved = np.array(obj.matrix_world @ bone.matrix @ bone.bone.matrix_local.inverted())[:3, :3]
            result[f"bone {bone.name}_{n}"] = turned @ moved @ turned.T
np.savez(target, told=json.dumps(told), **result)
