"""The window with an avatar."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gltf_files import glb
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea
from seen import wears
from waiting import LONG

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.avatars.avatar import Avatar
from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.core.types import Pose
from expnet_live.person.profiles import Profiles


def test_an_avatar_is_worn(qtbot: Any, window: MainWindow, avatar_paths: dict[str, Path], tmp_path: Path) -> None:
    before = window.parts.head.picture()
    Wardrobe().keep(avatar_paths["one.vrm"], "One")
    window.controller.use_head("One")
    qtbot.waitUntil(lambda: wears(window, "One"), timeout=LONG)
    face = window.controller.faces[0]
    assert isinstance(face.head, Avatar) and window.parts.head.picture() != before
    # It turns its head itself, so nothing is left to turn; and it stands still if it is not to follow.
    turned = replace(face, state=replace(face.state, pose=Pose(np.array([0.1, 0.4, 0]), face.state.pose.translation)))
    assert not turned.drawn(True).pose.rotation.any()
    assert np.abs(turned.drawn(True).vertices - turned.drawn(False).vertices).max() > 10
    # Its bunches swing, unless nobody wants that.
    swings = face.swings
    assert swings is not None and swings.of(face.head.springs, face.state.face) is not None
    window.actions_["swing"].trigger()
    assert swings.of(face.head.springs, face.state.face) is None
    window.actions_["swing"].trigger()
    assert swings.on and window.controller.choices.swing
    for look in ("wireframe", "painted", "follow", "mirror"):
        window.actions_[look].trigger()
    window.commands.snapshot_folder = tmp_path / "shots"
    window.actions_["snapshot"].trigger()
    qtbot.waitUntil(lambda: "snapshot" in window.parts.banners.texts, timeout=LONG)
    ply = next((tmp_path / "shots").rglob("head.ply")).read_bytes()
    assert b"element vertex %d\n" % len(face.vertices) in ply
    # Back to a head of another kind, and to the file itself.
    window.controller.use_head("")
    qtbot.waitUntil(lambda: window.presenter.head is not None and window.presenter.head.name != "One", timeout=LONG)
    window.controller.use_head(str(avatar_paths["head.glb"]))
    qtbot.waitUntil(lambda: wears(window, "head"), timeout=LONG)


def test_a_broken_avatar_is_a_banner(qtbot: Any, open_window: Callable[..., MainWindow], tmp_path: Path) -> None:
    (tmp_path / "bad.vrm").write_bytes(b"glTF nothing else, and not enough")
    window = open_window()
    window.controller.use_head(str(tmp_path / "bad.vrm"))
    qtbot.waitUntil(lambda: "worn head" in window.parts.banners.texts, timeout=LONG)
    assert "bad.vrm" in window.parts.banners.texts["worn head"]


def sheets(window: MainWindow) -> list[Sheet]:
    return [s for s in window.findChildren(Sheet) if not s.isHidden()]


def labels(sheet: Sheet) -> list[str]:
    return [label.text() for label in sheet.findChildren(QLabel)]


def test_a_dropped_avatar_shows_its_terms_first(
    qtbot: Any, window: MainWindow, avatar_paths: dict[str, Path], tmp_path: Path
) -> None:
    """Nothing is worn or kept before the user agrees; then the file is kept once, and the terms with the profile."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(avatar_paths["zero.vrm"]))])
    drop = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(drop)
    qtbot.waitUntil(lambda: bool(sheets(window)), timeout=LONG)
    (sheet,) = sheets(window)
    told = labels(sheet)
    assert {"Zero", "ExpNet Live", "CC0", "everyone", "not allowed"} <= set(told)
    assert any("Tongue out" in text and "Squint" in text and "Jaw open" not in text for text in told)
    assert not Wardrobe().names() and window.controller.choices.head == ""
    next(b for b in sheet.findChildren(QPushButton) if b.text() == texts.AVATAR_WEAR).click()
    qtbot.waitUntil(lambda: wears(window, "zero"), timeout=LONG)
    assert Wardrobe().names() == ["zero"]
    qtbot.waitUntil(lambda: "zero" in Profiles().load(window.controller.person.name).terms, timeout=LONG)
    terms = Profiles().load(window.controller.person.name).terms["zero"]
    assert terms["Author"] == "ExpNet Live" and terms["Licence"] == "CC0" and terms["Commercial use"] == "allowed"
    # Again: it is the same file.
    window.commands.open_avatar(str(avatar_paths["zero.vrm"]))
    qtbot.waitUntil(lambda: bool(sheets(window)), timeout=LONG)
    next(b for b in sheets(window)[0].findChildren(QPushButton) if b.text() == texts.AVATAR_WEAR).click()
    window.controller.shelf.ask(lambda: None)
    qtbot.waitUntil(lambda: wears(window, "zero") and not sheets(window), timeout=LONG)
    assert Wardrobe().names() == ["zero"]


ADDRESS = "https://hub.example.com/license?allowed_to_use_user=everyone&" + "corporate_commercial_use=allow&" * 7


def with_terms(vrm: bytes, **terms: str) -> bytes:
    """The same VRM 0 with other terms."""
    size = int.from_bytes(vrm[12:16], "little")
    document = json.loads(vrm[20 : 20 + size])
    document["extensions"]["VRM"]["meta"].update(terms)
    return glb(document, vrm[28 + size :])


@pytest.mark.parametrize("title", ["T" * 200, "A title of many words, " * 12])
def test_long_terms_can_be_read_in_the_smallest_window(
    qtbot: Any, window: MainWindow, avatar_paths: dict[str, Path], tmp_path: Path, title: str
) -> None:
    """As those of VRoid Hub, whose licence is an address of 300 letters: nothing is cut off at the right."""
    avatar = tmp_path / "long.vrm"
    avatar.write_bytes(with_terms(avatar_paths["zero.vrm"].read_bytes(), title=title, otherPermissionUrl=ADDRESS))
    window.resize(window.minimumSizeHint())
    window.commands.open_avatar(str(avatar))
    qtbot.waitUntil(lambda: bool(sheets(window)), timeout=LONG)
    (sheet,) = sheets(window)
    assert ADDRESS in labels(sheet)
    area = next(a for a in sheet.findChildren(QScrollArea) if not a.findChildren(QScrollArea))
    inner = area.widget()
    assert inner is not None and inner.width() <= area.viewport().width()
    for label in inner.findChildren(QLabel):
        right = label.mapTo(inner, label.rect().topRight()).x()
        assert right <= area.viewport().width() and label.heightForWidth(label.width()) <= label.height(), label.text()
    for button in sheet.findChildren(QPushButton):
        qtbot.waitUntil(lambda b=button: sheet.rect().contains(b.mapTo(sheet, b.rect().bottomRight())), timeout=LONG)
    sheet.close()


def test_an_avatar_without_terms_says_so(qtbot: Any, window: MainWindow, avatar_paths: dict[str, Path]) -> None:
    window.commands.open_avatar(str(avatar_paths["head.glb"]))
    qtbot.waitUntil(lambda: bool(sheets(window)), timeout=LONG)
    told = labels(sheets(window)[0])
    assert texts.AVATAR_NO_TERMS in told and texts.AVATAR_SHOWS_ALL in told
    next(b for b in sheets(window)[0].findChildren(QPushButton) if b.text() == texts.CANCEL).click()
    assert window.controller.choices.head == "" and not Wardrobe().names()
