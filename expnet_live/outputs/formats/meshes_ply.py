"""A folder of meshes as PLY."""

from __future__ import annotations

from expnet_live.outputs.export.families import MeshFolder


class Ply(MeshFolder):
    name, title, ending = "ply", "Meshes (PLY)", "_ply"


FORMAT = Ply()
