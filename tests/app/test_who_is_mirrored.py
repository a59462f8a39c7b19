"""Several faces, neutral faces and seeking, as a person at the window does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QInputDialog, QMessageBox, QSlider
from seen import LONG, banners
from waiting import PATIENCE

from expnet_live.app import settings, texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.state.choices import Choices
from expnet_live.capture.sources import open_spec
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.arkit import INDEX, blendshapes_of
from expnet_live.outputs.stream import Address, OutputKind, Sample, Sender, Stream
from expnet_live.person.curve import Curve
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles
from expnet_live.sessions.format.info import read_info


def test_a_click_on_a_face_mirrors_it_and_the_session_names_it(
    qtbot: Any, open_window: Callable[..., MainWindow], puppet: Puppet, store: Any
) -> None:
    puppet.faces = 2
    settings.save_choices(store, Choices(max_faces=2))
    window = open_window()
    controller, camera = window.controller, window.parts.camera
    qtbot.waitUntil(lambda: len(camera.faces) == 2, timeout=LONG)
    second = camera.faces[1].state
    x, y = second.box.center
    assert camera.image is not None
    zoom = min(camera.width() / camera.image.shape[1], camera.height() / camera.image.shape[0])
    left = (camera.width() - zoom * camera.image.shape[1]) / 2
    top = (camera.height() - zoom * camera.image.shape[0]) / 2
    x = camera.image.shape[1] - 1 - x if camera.mirror else x
    qtbot.mouseClick(camera, Qt.MouseButton.LeftButton, pos=QPoint(round(left + zoom * x), round(top + zoom * y)))
    qtbot.waitUntil(lambda: bool(camera.faces) and camera.faces[0].state.face == second.face, timeout=LONG)
    qtbot.waitUntil(lambda: controller.state.faces[0].state.face == second.face, timeout=LONG)
    controller.record(True)
    qtbot.waitUntil(lambda: controller.recording.recorder.frames > 3, timeout=LONG)
    recorder = controller.recording.recorder
    controller.record(False)
    qtbot.waitUntil(lambda: not recorder.alive, timeout=LONG)
    assert read_info(recorder.folder).people == {second.face: "Default"}


def test_set_neutral_on_a_paused_clip_says_what_is_missing(
    qtbot: Any, open_window: Callable[..., MainWindow], puppet: Puppet
) -> None:
    window = open_window(SourceSpec.demo(), open_=open_spec)
    controller = window.controller
    qtbot.waitUntil(lambda: bool(controller.faces), timeout=LONG)
    controller.sources.set_playing(False)
    window.actions_["calibrate"].trigger()
    qtbot.waitUntil(lambda: banners(window).get("calibration") == texts.CALIBRATION_PAUSED, timeout=LONG)
    assert not controller.engine.inference.calibrating
    controller.sources.set_playing(True)
    window.commands.calibrate()
    assert controller.engine.inference.calibrating
    controller.sources.set_playing(False)  # it would wait for ever
    qtbot.waitUntil(lambda: not controller.engine.inference.calibrating, timeout=LONG)
    controller.sources.set_playing(True)
    window.commands.calibrate()
    controller.sources.use(SourceSpec.demo())
    assert not controller.engine.inference.calibrating


def test_a_neutral_says_when_somebody_else_is_seen(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    controller, label = window.controller, window.parts.controls.neutral
    seen = controller.faces[0].state.identity
    controller.window_state.show_person(Person("Anna", identity=seen, neutral={"jawOpen": 0.1}))
    qtbot.waitUntil(lambda: controller.state is not None and not controller.neutral.somebody_else, timeout=LONG)
    controller.window_state.show_person(Person("Anna", identity=seen + np.float32(1.2), neutral={"jawOpen": 0.1}))
    qtbot.waitUntil(lambda: label.text() == texts.NEUTRAL_OTHER.format(name="Anna"), timeout=LONG)


def test_a_click_on_the_slider_seeks(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    window = open_window(SourceSpec.demo(), open_=open_spec)
    slider = window.parts.transport.findChild(QSlider)
    qtbot.waitUntil(lambda: slider.isVisible() and slider.isEnabled(), timeout=LONG)
    transport = window.controller.engine.capture.transport
    window.controller.sources.set_playing(False)
    for share in (0.75, 0.3):
        at = QPoint(round(share * slider.width()), slider.height() // 2)
        qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=at)
        wanted = share * transport.duration
        qtbot.waitUntil(lambda wanted=wanted: abs(transport.position - wanted) < 0.3, timeout=LONG)


def test_profiles_are_renamed_and_deleted(qtbot: Any, window: MainWindow) -> None:
    controller = window.controller
    controller.use_profile("Ana")
    controller.set_gain("jawOpen", 1.5)
    qtbot.waitUntil(lambda: "Ana" in controller.shelf.stock.profiles, timeout=LONG)
    window.actions_["rename_profile"].trigger()
    (dialog,) = window.findChildren(QInputDialog)
    assert dialog.textValue() == "Ana"
    dialog.setTextValue("Anna")
    dialog.accept()
    qtbot.waitUntil(lambda: controller.person.name == "Anna", timeout=LONG)
    assert controller.person.gains == {"jawOpen": 1.5} and controller.profiles.names() == ["Anna"]
    window.actions_["delete_profile"].trigger()
    (box,) = window.findChildren(QMessageBox)
    assert "Anna" in box.text() and controller.profiles.names() == ["Anna"]
    next(b for b in box.buttons() if b.text() == texts.DELETE_IT).click()
    qtbot.waitUntil(lambda: controller.person.name == texts.DEFAULT_PROFILE, timeout=LONG)
    assert controller.profiles.names() == [] and controller.choices.profile == texts.DEFAULT_PROFILE


class Kept(Sender):
    """A sender that keeps its samples."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    def send(self, sample: Sample) -> None:
        self.samples.append(sample)

    def close(self) -> None: ...


class Keeping(OutputKind):
    name, about, port = "keeping", "keeps what is sent", 1

    def __init__(self) -> None:
        self.sender = Kept()

    def open(self, address: Address) -> Sender:
        return self.sender


def test_outputs_follow_the_mirrored_face_with_its_neutral(
    qtbot: Any, open_window: Callable[..., MainWindow], puppet: Puppet, store: Any
) -> None:
    puppet.faces, puppet.blendshapes = 2, blendshapes_of(jawOpen=0.6, mouthSmileLeft=0.5)
    settings.save_choices(store, Choices(max_faces=2, auto_neutral=False))
    window = open_window()
    inference, camera = window.controller.engine.inference, window.parts.camera
    qtbot.waitUntil(lambda: len(camera.faces) == 2, timeout=LONG)
    inference.person = Person(neutral={"jawOpen": 1.0}, gains={"mouthSmileLeft": 1.5}, resting={"jawOpen": 0.2})
    kind = Keeping()
    stream = Stream(kind, kind.address)
    stream.start()
    inference.outputs.add(stream)
    samples = kind.sender.samples
    jaw, smile = INDEX["jawOpen"], INDEX["mouthSmileLeft"]

    def corrected(face: int) -> bool:
        """Whether the newest sample is of that face, as the person of the profile."""
        return bool(samples) and (
            samples[-1].face.state.face == face
            and samples[-1].blendshapes[[jaw, smile]] == pytest.approx([0.5, 0.75], abs=1e-3)
        )

    first, second = (f.state.face for f in camera.faces)
    qtbot.waitUntil(lambda: corrected(first), timeout=LONG)
    window.controller.mirror_face(second)
    qtbot.waitUntil(lambda: corrected(second), timeout=LONG)
    assert {s.face.state.face for s in samples if s.face is not None} == {first, second}
    for sample in samples[5:]:  # never of the other one, and never without the correction
        assert sample.state.faces[0] is sample.face and sample.state.person == sample.face.state.face
        other = sample.state.faces[1]
        assert other.blendshapes[jaw] == pytest.approx(0.6, abs=1e-3)
        assert sample.blendshapes[jaw] == pytest.approx(0.5, abs=1e-3)
    inference.outputs.remove(stream)
    stream.stop()
    assert stream.join(PATIENCE)


def test_curves_that_cannot_be_used_are_said_and_the_profile_is_used(
    qtbot: Any, open_window: Callable[..., MainWindow], puppet: Puppet
) -> None:
    Profiles().save(Person("Ada", avatars={"fox": {"jawDrop": Curve(gain=2.0)}}, avatar="fox"))
    window = open_window()
    window.controller.use_profile("Ada")
    qtbot.waitUntil(lambda: "jawDrop" in banners(window).get("profile", ""), timeout=LONG)
    assert window.controller.person.name == "Ada"
