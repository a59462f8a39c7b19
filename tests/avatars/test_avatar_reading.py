"""Reading of avatars: whole ones, and a table of broken and odd files, each of which gives one sentence or opens."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_files import glb_head, vrm_0, vrm_1
from gltf_files import Maker, glb
from PIL import Image
from pygltflib import GLTF2

from expnet_live.avatars.avatar import Avatar
from expnet_live.avatars.model import Alpha
from expnet_live.avatars.reading import read_avatar
from expnet_live.core.arkit import ARKIT
from expnet_live.core.errors import UserError
from expnet_live.heads.built_in import face_model


class Small(Maker):
    """One triangle with two morph targets; `edit` changes its document."""

    def __init__(self) -> None:
        super().__init__()
        place = self.add(np.eye(3, dtype=np.float32))
        numbers = self.add(np.arange(3, dtype=np.uint16))
        steps = [self.sparse(np.diag([0, 0.1, 0]).astype(np.float32)) for _ in range(2)]
        primitive = {"attributes": {"POSITION": place}, "indices": numbers, "targets": [{"POSITION": s} for s in steps]}
        self.document["meshes"].append({"primitives": [primitive], "extras": {"targetNames": ["jawOpen", "A"]}})
        self.document["nodes"].append({"name": "Head", "mesh": 0})

    def of(self, change: Callable[[dict[str, Any]], None]) -> bytes:
        change(self.document)
        document = {k: v for k, v in self.document.items() if v != []}
        document.setdefault("buffers", [{"byteLength": len(self.binary)}])
        return glb(document, bytes(self.binary))


def edited(change: Callable[[dict[str, Any]], None]) -> bytes:
    return Small().of(change)


def put(*path: str | int, value: Any) -> bytes:
    """The small file with another value at that place of its document."""

    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return edited(change)


def arrayed(array: Any) -> bytes:
    """The small file with other positions."""
    small = Small()
    number = small.add(array)
    for limit in ("min", "max"):  # which are no JSON if they are no numbers
        del small.document["accessors"][number][limit]
    return small.of(lambda d: d["meshes"][0]["primitives"][0]["attributes"].update(POSITION=number))


def beyond() -> bytes:
    """The small file with a corner that does not exist."""
    small = Small()
    number = small.add(np.array([0, 1, 9], np.uint16))
    return small.of(lambda d: d["meshes"][0]["primitives"][0].update(indices=number))


def imaged(content: bytes) -> bytes:
    small = Small()
    small.document["images"].append({"bufferView": small.view(content), "mimeType": "image/png"})
    return small.of(lambda d: None)


def huge_png(side: int = 60000) -> bytes:
    """The header of a PNG of so many pixels in both directions."""
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + bytes(4) + b"IDAT"
    )


def many_images() -> bytes:
    """Nine images of 8000 x 8000 pixels, all of the same bytes."""
    small = Small()
    view = small.view(huge_png(8000))
    small.document["images"] = [{"bufferView": view, "mimeType": "image/png"}] * 9
    return small.of(lambda d: None)


def skinned(joints: list[int]) -> bytes:
    small = Small()
    held = small.add(np.full((3, 4), 9, np.uint8)), small.add(np.full((3, 4), 0.25, np.float32))

    def change(document: dict[str, Any]) -> None:
        document["skins"] = [{"joints": joints}]
        document["nodes"][0]["skin"] = 0
        document["meshes"][0]["primitives"][0]["attributes"].update(JOINTS_0=held[0], WEIGHTS_0=held[1])

    return small.of(change)


def sparse_beyond() -> bytes:
    small = Small()
    where, values = small.view(struct.pack("<I", 7)), small.view(bytes(12))
    sparse = {"count": 1, "indices": {"bufferView": where, "componentType": 5125}, "values": {"bufferView": values}}
    return small.of(lambda d: d["accessors"][2].update(sparse=sparse))


WHOLE = edited(lambda d: None)
DEEP = b'{"asset":{"version":"2.0"},"nodes":' + b"[" * 20000 + b"]" * 20000 + b"}"
CHAIN = [{"children": [i + 1]} for i in range(2000)] + [{}]

BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not a binary glTF file"),
    "text": (b"solid of a printer, not an avatar at all", "is not a binary glTF file"),
    "truncated": (WHOLE[: len(WHOLE) // 2], "is damaged .it should have"),
    "2 GB claimed": (WHOLE[:8] + struct.pack("<I", 2**31) + WHOLE[12:], "it should have 2147483648 bytes"),
    "chunk beyond the end": (WHOLE[:12] + struct.pack("<I", 2**31) + WHOLE[16:], "a chunk ends at byte"),
    "glTF 1": (WHOLE[:4] + struct.pack("<I", 1) + WHOLE[8:], "is binary glTF 1"),
    "no description": (glb(b"")[:12] + struct.pack("<I4s", 0, b"BIN\0"), "it has no description"),
    "not JSON": (glb(b"{nodes"), "its description cannot be read"),
    "NaN in JSON": (glb(b'{"asset":{"version":"2.0"},"nodes":[{"scale":[NaN,1,1]}]}'), "cannot be read"),
    "nested deeply": (glb(DEEP), "cannot be read"),
    "a list": (glb([]), "its description cannot be read"),
    "a word for a number": (put("nodes", 0, "mesh", value="first"), "its description cannot be read"),
    "version 3": (put("asset", "version", value="3.0"), "is glTF 3.0"),
    "missing buffer": (edited(lambda d: d.update(buffers=[{"byteLength": 1 << 20}])), "buffer 0 is missing"),
    "buffer at a URL": (
        edited(lambda d: d.update(buffers=[{"byteLength": 4, "uri": "https://example.org/a.bin"}])),
        "keeps a part of itself in another file",
    ),
    "buffer up the path": (
        edited(lambda d: d.update(buffers=[{"byteLength": 4, "uri": "../../../../etc/passwd"}])),
        "keeps a part of itself in another file",
    ),
    "image in a file": (put("images", value=[{"uri": "file:///etc/passwd"}]), "keeps a part of itself in another"),
    "bad base64": (put("images", value=[{"uri": "data:image/png;base64,###"}]), "an embedded part is not base64"),
    "huge texture": (imaged(huge_png()), "more than 67 million pixels"),
    "many large textures": (many_images(), "over 500 million pixels in all"),
    "Draco": (put("extensionsRequired", value=["KHR_draco_mesh_compression"]), "is compressed with Draco"),
    "meshopt": (put("extensionsRequired", value=["EXT_meshopt_compression"]), "is compressed with meshopt"),
    "Basis": (put("extensionsRequired", value=["KHR_texture_basisu"]), "is compressed with Basis Universal"),
    "unknown extension": (put("extensionsRequired", value=["ACME_tricks"]), "needs ACME_tricks"),
    "circle": (put("nodes", value=[{"mesh": 0}, {"children": [2]}, {"children": [1]}]), "its nodes form a circle"),
    "own child": (put("nodes", 0, "children", value=[0]), "its nodes form a circle"),
    "two parents": (put("nodes", value=[{"children": [2]}, {"children": [2]}, {"mesh": 0}]), "has two parents"),
    "child missing": (put("nodes", 0, "children", value=[44]), "it refers to node 44"),
    "deep chain": (put("nodes", value=CHAIN), "nested too deeply"),
    "mesh missing": (put("nodes", 0, "mesh", value=9), "it refers to mesh 9"),
    "accessor missing": (put("meshes", 0, "primitives", 0, "attributes", "POSITION", value=99), "accessor 99"),
    "a billion vertices": (edited(lambda d: d["accessors"].append({"componentType": 5126, "count": 10**9,
        "type": "VEC3"}) or d["meshes"][0]["primitives"][0]["attributes"].update(POSITION=4)), "claims 1000000000"),
    "view beyond the end": (put("bufferViews", 0, "byteLength", value=1 << 20), "a part ends at byte"),
    "array beyond its view": (put("accessors", 0, "count", value=300), "an array ends at byte"),
    "negative offset": (put("bufferViews", 0, "byteOffset", value=-8), "its description cannot be read"),
    "unknown kind of numbers": (put("accessors", 0, "componentType", value=5130), "numbers of an unknown kind"),
    "NaN": (arrayed(np.full((3, 3), np.nan, np.float32)), "numbers that are not finite"),
    "0 vertices": (put("accessors", 0, "count", value=0), "a morph target of 0 vertices moves 3"),
    "no primitives": (put("meshes", value=[
        {"primitives": []}]), "has nothing to draw"),
    "no mesh": (edited(lambda d: d["nodes"][0].pop("mesh")), "has nothing to draw"),
    "corner missing": (beyond(), "has the corner 9 of 3"),
    "short morph": (edited(lambda d: d["accessors"][2].update(count=7)), "a morph target of 3 vertices moves 7"),
    "sparse beyond the end": (sparse_beyond(), "beyond its end"),
    "joint missing": (skinned([0]), "hangs on a joint that does not exist"),
    "skin without joints": (skinned([]), "a skin has no joints"),
    "VRM of nonsense": (edited(lambda d: d.update(extensions={"VRM": {"humanoid": 5}})), "its VRM part has"),
    "VRM 1 of nonsense": (
        edited(lambda d: d.update(extensions={"VRMC_vrm": {"expressions": {"preset": {"aa": 1}}}})),
        "its VRM part has",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_gives_one_sentence(name: str, tmp_path: Path) -> None:
    content, reason = BROKEN[name]
    path = tmp_path / "odd.glb"
    path.write_bytes(content)
    with pytest.raises(UserError, match=reason) as error:
        read_avatar(path)
    text = str(error.value)
    assert text.startswith("odd.glb ") and text.endswith(".") and "\n" not in text and len(text) < 300, text


def test_there_are_at_least_thirty() -> None:
    assert len(BROKEN) >= 30


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_avatar(tmp_path / "none.vrm")


ODD = {
    "no morphs": edited(lambda d: d["meshes"][0]["primitives"][0].pop("targets")),
    "no indices": edited(lambda d: d["meshes"][0]["primitives"][0].pop("indices")),
    "a strip": put("meshes", 0, "primitives", 0, "mode", value=5),
    "a damaged picture": imaged(b"\x89PNG\r\n\x1a\nnothing"),
    "bytes after the end": WHOLE + b"more",
    "targets without names": put("meshes", 0, "extras", value=None),
    "names that are no texts": put("meshes", 0, "extras", value={"targetNames": [1, None]}),
    "a bone of no node": edited(lambda d: d.update(extensions={"VRM": {"humanoid": {"humanBones": [
        {"bone": "head", "node": 77}]}}})),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_opens(name: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.glb"
    path.write_bytes(ODD[name])
    assert read_avatar(path).size == 3


@pytest.mark.parametrize("scale", [[0, 0, 0], [1e-30, 1e-30, 1e-30], [1, 0, 1]])
def test_a_mesh_without_a_size_gives_one_sentence(scale: list[float], tmp_path: Path) -> None:
    """Its head would not be seen, or be all that is seen."""
    path = tmp_path / "flat.glb"
    path.write_bytes(put("nodes", 0, "scale", value=scale))
    with pytest.raises(UserError, match=r"^flat\.glb is damaged \(its mesh is scaled to nothing, or to infinity\)"):
        Avatar.load(path, face_model())


def test_data_uris_are_inside_the_file(tmp_path: Path) -> None:
    small = Small()
    uri = "data:application/octet-stream;base64," + base64.b64encode(bytes(small.binary)).decode()
    path = tmp_path / "embedded.glb"
    path.write_bytes(small.of(lambda d: d.update(buffers=[{"byteLength": len(small.binary), "uri": uri}])))
    assert read_avatar(path).size == 3


@pytest.mark.parametrize(("make", "version", "clips"), [(glb_head, None, 0), (vrm_0, 0, 11), (vrm_1, 1, 63)])
def test_whole_avatars(make: Callable[[], bytes], version: int | None, clips: int, tmp_path: Path) -> None:
    """Arrays, nodes and materials agree with what another reader finds."""
    path = tmp_path / "avatar.vrm"
    path.write_bytes(make())
    avatar, theirs = read_avatar(path), GLTF2.load_binary(path)
    assert [n.name for n in avatar.nodes] == [n.name for n in theirs.nodes]
    blob = theirs.binary_blob()
    first = theirs.accessors[theirs.meshes[0].primitives[0].attributes.POSITION]
    start = theirs.bufferViews[first.bufferView].byteOffset
    block = avatar.blocks[0]
    assert np.array_equal(block.positions, np.frombuffer(blob, "<f4", 3 * first.count, start).reshape(-1, 3))
    assert np.allclose(block.weights.sum(1), 1, atol=1e-6)  # type: ignore[union-attr]
    assert [m.name for m in block.morphs] == theirs.meshes[0].extras["targetNames"]
    jaw = block.morphs[0 if version == 0 else ARKIT.index("jawOpen")]
    assert 0.01 < -jaw.steps[:, 1].min() < 0.06
    with Image.open(io.BytesIO(avatar.images[0])) as picture:
        assert picture.size == (512, 512)
    if version is None:
        assert avatar.vrm is None
        return
    vrm = avatar.vrm
    assert vrm is not None and vrm.version == version and len(vrm.clips) == clips
    assert avatar.nodes[vrm.bones["leftEye"]].name.endswith("LeftEye")
    assert vrm.looking.outer.turn == 60 and vrm.licence.authors.startswith("ExpNet Live")
    assert ("Violent use", "not allowed") in vrm.licence.conditions
    hair = next(m for m in avatar.materials if m.name == "Hair")
    assert hair.alpha is Alpha.MASK and hair.double_sided and hair.shade is not None and not hair.unlit


def test_a_long_text_of_the_licence_ends_with_dots(tmp_path: Path) -> None:
    path = tmp_path / "avatar.vrm"
    path.write_bytes(vrm_1())
    theirs = GLTF2.load_binary(path)
    theirs.extensions["VRMC_vrm"]["meta"]["thirdPartyLicenses"] = "word " * 100
    theirs.save_binary(path)
    vrm = read_avatar(path).vrm
    assert vrm is not None
    text = dict(vrm.licence.conditions)["Third-party licences"]
    assert text.startswith("word word") and text.endswith(" …") and len(text) == 302


def test_the_edge_of_the_shade_is_where_vrm_0_has_it(tmp_path: Path) -> None:
    """Toony 0.9 and shift 0: from no light at a right angle to the key light to all of it at a cosine of 0.1."""
    (tmp_path / "a.vrm").write_bytes(vrm_0())
    skin = read_avatar(tmp_path / "a.vrm").materials[0]
    assert -1 + skin.toony - skin.shift == pytest.approx(0.0) and 1 - skin.toony - skin.shift == pytest.approx(0.1)


def test_json_of_a_file_is_kept_whole(tmp_path: Path) -> None:
    from expnet_live.avatars.container import read_container

    path = tmp_path / "a.vrm"
    path.write_bytes(vrm_1())
    size = struct.unpack_from("<I", path.read_bytes(), 12)[0]
    assert read_container(path).raw == json.loads(path.read_bytes()[20 : 20 + size])
