"""A folder of meshes as OBJ."""

from __future__ import annotations

from expnet_live.outputs.export.families import MeshFolder


class Obj(MeshFolder):
    name, title, ending = "obj", "Meshes (OBJ)", "_obj"


FORMAT = Obj()
