"""All that can be done in the main window by menu, button and key: one table."""

from __future__ import annotations

from typing import Protocol

from expnet_live.app import texts
from expnet_live.app.main_window.commands import Commands
from expnet_live.app.main_window.parts import Parts
from expnet_live.app.widgets.actions import ActionSpec, Tint
from expnet_live.sessions.format.folder import sessions_root

_SKIP = 5.0  # s


class Window(Protocol):
    """What the actions work on."""

    @property
    def commands(self) -> Commands: ...

    @property
    def parts(self) -> Parts: ...

    def arrange(self) -> None: ...

    def set_full_screen(self, on: bool) -> None: ...

    def show_shortcuts(self) -> None: ...

    def show_about(self) -> None: ...

    def show_presets(self) -> None: ...

    def show_global_keys(self) -> None: ...

    def show_performing(self) -> None: ...

    def show_avatars(self) -> None: ...

    def show_panel(self, name: str, on: bool) -> None: ...

    def next_hair(self) -> None: ...

    def show_head_window(self, on: bool) -> None: ...

    def close(self) -> bool: ...


_A = ActionSpec[Window]


def _chosen(name: str, text: str, tip: str, key: str = "", icon: str = "") -> ActionSpec[Window]:
    """A switch of the choice of that name."""
    keys = (key,) if key else ()
    return _A(name, text, tip, keys, icon, switch=lambda w, on: w.commands.choose(**{name: on}))


TABLE = (
    _A("open", texts.OPEN_FILE, texts.OPEN_FILE_TIP, ("Ctrl+O",), "folder", lambda w: w.commands.open_file()),
    _A("demo", texts.PLAY_DEMO_CLIP, texts.DEMO_TIP, ("D",), do=lambda w: w.commands.play_demo()),
    _A("refresh", texts.REFRESH, texts.REFRESH_TIP, ("F5",), "refresh", lambda w: w.commands.look_for_cameras()),
    _A("snapshot", texts.SNAPSHOT, texts.SNAPSHOT_TIP, ("S",), "snapshot", lambda w: w.commands.snapshot()),
    _A(
        "record",
        texts.RECORD,
        texts.RECORD_TIP,
        ("Ctrl+R",),
        "record",
        switch=lambda w, on: w.commands.record(on),
        tint=Tint.RECORD,
    ),
    _A("mark", texts.MARK, texts.MARK_TIP, ("K",), "marker", lambda w: w.commands.mark()),
    _A("mark_named", texts.MARK_NAMED, texts.MARK_NAMED_TIP, ("Shift+K",), do=lambda w: w.commands.mark_named()),
    _A("presets", texts.PRESETS_MENU, texts.PRESETS_TIP, do=lambda w: w.show_presets()),
    _A("global_keys", texts.GLOBAL_KEYS_MENU, texts.GLOBAL_KEYS_TIP, do=lambda w: w.show_global_keys()),
    _A("library", texts.LIBRARY_MENU, texts.LIBRARY_TIP, ("Ctrl+L",), "library", lambda w: w.commands.show_sessions()),
    _chosen("private", texts.PRIVATE, texts.PRIVATE_TIP),
    _A("sound", texts.SOUND, texts.SOUND_TIP, switch=lambda w, on: w.commands.set_sound(on)),
    _A("quit", texts.QUIT, "", ("Ctrl+Q",), do=lambda w: w.close()),
    _A("play", texts.PLAY, texts.PLAY_TIP, ("Space",), "play", lambda w: w.commands.play_or_pause()),
    _A(
        "loop",
        texts.LOOP,
        texts.LOOP_TIP,
        ("L",),
        "loop",
        switch=lambda w, on: w.commands.set_loop(on),
        tint=Tint.FLAT,
    ),
    _A("back", texts.BACK, "", ("Left",), do=lambda w: w.commands.skip(-_SKIP)),
    _A("forth", texts.FORTH, "", ("Right",), do=lambda w: w.commands.skip(_SKIP)),
    _A("calibrate", texts.CALIBRATE, texts.CALIBRATE_TIP, ("N",), "neutral", lambda w: w.commands.calibrate()),
    _A("forget", texts.UNCALIBRATE, texts.UNCALIBRATE_TIP, do=lambda w: w.commands.forget_calibration()),
    _A("perform", texts.PERFORM_MENU, texts.PERFORM_TIP, do=lambda w: w.show_performing()),
    _A("forget_performance", texts.PERFORM_FORGET, texts.PERFORM_FORGET_TIP, do=lambda w: w.commands.forget_full()),
    _A(
        "auto_neutral",
        texts.AUTO_NEUTRAL,
        texts.AUTO_NEUTRAL_TIP,
        switch=lambda w, on: w.commands.set_auto_neutral(on),
    ),
    _A("link_blinks", texts.LINK_BLINKS, texts.LINK_BLINKS_TIP, switch=lambda w, on: w.commands.link_blinks(on)),
    _A("add_avatar", texts.AVATAR_ADD, texts.AVATAR_ADD_TIP, do=lambda w: w.commands.add_avatar()),
    _A("avatars", texts.AVATARS_MENU, texts.AVATARS_TIP, do=lambda w: w.show_avatars()),
    _A("gestures", texts.GESTURES, texts.GESTURES_TIP, ("G",), switch=lambda w, on: w.show_panel("gestures", on)),
    _A("outputs", texts.OUTPUTS_PANEL, texts.OUTPUTS_TIP, ("U",), switch=lambda w, on: w.show_panel("outputs", on)),
    _A("freeze", texts.FREEZE, texts.FREEZE_TIP, ("Shift+U",), switch=lambda w, on: w.commands.freeze_outputs(on)),
    _A("next_face", texts.FACE_NEXT, texts.FACE_NEXT_TIP, ("F",), do=lambda w: w.commands.mirror_next()),
    _A("rename_profile", texts.PROFILE_RENAME, do=lambda w: w.commands.rename_profile()),
    _A("delete_profile", texts.PROFILE_DELETE, do=lambda w: w.commands.delete_profile()),
    _chosen("mirror", texts.MIRROR, texts.MIRROR_TIP, "M", "mirror"),
    _A("reset_view", texts.RESET_VIEW, texts.RESET_VIEW_TIP, ("R",), "reset", lambda w: w.parts.head.orbit.reset()),
    _chosen("wireframe", texts.WIREFRAME, texts.WIREFRAME_TIP, "W", "wireframe"),
    _chosen("painted", texts.PAINT, texts.PAINT_TIP, "P", "paint"),
    _chosen("follow", texts.FOLLOW, texts.FOLLOW_TIP, "H", "follow"),
    _chosen("hair", texts.HAIR, texts.HAIR_TIP, "J", "hair"),
    _chosen("swing", texts.SWING, texts.SWING_TIP),
    _A("next_hair", texts.HAIR_NEXT, texts.HAIR_NEXT_TIP, ("Shift+J",), do=lambda w: w.next_hair()),
    _A(
        "head_window",
        texts.HEAD_WINDOW,
        texts.HEAD_WINDOW_TIP,
        ("Ctrl+H",),
        switch=lambda w, on: w.show_head_window(on),
    ),
    _A("overlay", texts.OVERLAY_NEXT, texts.OVERLAY_TIP, ("O",), do=lambda w: w.commands.next_overlay()),
    _A("full_screen", texts.FULL_SCREEN, "", ("F11",), switch=lambda w, on: w.set_full_screen(on)),
    _A("reset_layout", texts.RESET_LAYOUT, "", ("Ctrl+0",), do=lambda w: w.arrange()),
    _A("shortcuts", texts.SHORTCUTS, "", ("F1",), do=lambda w: w.show_shortcuts()),
    _A("log", texts.OPEN_LOG, do=lambda w: w.commands.open_log()),
    _A("data", texts.OPEN_DATA, do=lambda w: w.commands.open_folder(w.commands.snapshot_folder)),
    _A("sessions", texts.OPEN_SESSIONS, do=lambda w: w.commands.open_folder(sessions_root())),
    _A("about", texts.ABOUT, do=lambda w: w.show_about()),
)

GLOBAL = ("calibrate", "record", "mark", "freeze")  # can have keys that act while another window is in front
CHOICES = (
    "mirror",
    "wireframe",
    "painted",
    "follow",
    "hair",
    "swing",
    "loop",
    "private",
    "sound",
    "auto_neutral",
)  # show a choice
ON_HEAD = (
    "reset_view",
    "wireframe",
    "painted",
    "hair",
    "follow",
    "mirror",
    "snapshot",
    "record",
    "library",
    "mark",
)  # buttons that float above the head
# In menus, beside the names of actions.
PANELS, APPEARANCE, LOOK, TURN, SEPARATOR = "panels", "appearance", "look", "turn", ""
MENUS = {
    texts.MENU_FILE: (
        *("open", "demo", "refresh", SEPARATOR),
        *("play", "loop", "back", "forth", SEPARATOR),
        *("snapshot", SEPARATOR),
        *("record", "private", "sound", "library", SEPARATOR),
        *("mark", "mark_named", "presets", SEPARATOR),
        *("global_keys", SEPARATOR),
        "quit",
    ),
    texts.MENU_FACE: (
        *("next_face", SEPARATOR),
        *("calibrate", "forget", "auto_neutral", SEPARATOR),
        *("perform", "forget_performance", SEPARATOR, TURN, "link_blinks", SEPARATOR),
        *("add_avatar", "avatars", "gestures", SEPARATOR),
        *("rename_profile", "delete_profile"),
    ),
    texts.MENU_VIEW: (
        *("mirror", "overlay", SEPARATOR),
        *("reset_view", "wireframe", "painted", "follow", SEPARATOR),
        *("hair", "next_hair", LOOK, "swing", SEPARATOR),
        *("head_window", SEPARATOR),
        *(PANELS, APPEARANCE, "reset_layout", "full_screen"),
    ),
    texts.MENU_HELP: ("shortcuts", "log", "data", "sessions", "about"),
}
