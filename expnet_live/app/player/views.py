"""Display options of the player's picture and head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from expnet_live.app.widgets.camera_view import CameraView
from expnet_live.app.widgets.head_view import HeadView


class Views:
    """`paint` projects the current picture onto the head, if the option is on."""

    def __init__(self, camera: CameraView, head: HeadView, paint: Callable[[], None]) -> None:
        self._camera, self._head, self._paint = camera, head, paint

    def reset(self) -> None:
        self._head.orbit.reset()

    def set_wireframe(self, on: bool) -> None:
        self._head.set_finish(replace(self._head.finish, wireframe=on))

    def set_hair(self, on: bool) -> None:
        self._head.set_finish(replace(self._head.finish, hair=on))

    def set_painted(self, on: bool) -> None:
        self._head.set_finish(replace(self._head.finish, painted=on))
        self._paint()

    def set_follow(self, on: bool) -> None:
        self._head.follow = on
        self._head.set_finish(self._head.finish)  # face the direction of the new setting

    def set_mirror(self, on: bool) -> None:
        self._camera.mirror = self._head.mirror = on
        self._camera.update()
        self._head.set_finish(self._head.finish)

    def set_overlay(self, overlay: str) -> None:
        self._camera.overlay = overlay
        self._camera.update()
