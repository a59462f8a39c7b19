"""The held-out clips: their people appear in no picture used to train the network's actions.

Some people appear in clips of several collections, so clips are held out by person, in a manual list.
"""

from __future__ import annotations

_HELD_OUT = (
    "deepfacelive_Dean_Wiesel_", "deepfacelive_Meggie_Merkel_", "deepfacelive_Natalie_Fatman_",
    "deepfacelive_Natasha_Former_", "deepfacelive_Nicola_Badge_", "deepfacelive_Zahar_Lupin_2",
    "dreamtalk_mead_W009_",
    "grid_bbaf2n", "grid_lrwp9a", "grid_lwbsza", "grid_swiz3n",
    "hellomeme_tiktok", "hellomeme_ysll",
    "lia_driving1", "lia_driving3", "lia_x_driving2", "lia_x_driving6", "lia_x_driving7", "lia_x_driving8",
    "misc_heads_00296", "misc_heads_129", "misc_heads_d1", "misc_heads_d2", "misc_heads_fom_dv", "misc_heads_video",
    "pcavs_vox2_00010", "pcavs_vox2_00086", "pcavs_vox2_620900105", "pcavs_vox2_731200067", "pcavs_vox2_796100172",
    "styletalk_andrew_", "styletalk_happyenglish_", "styletalk_nice_", "styletalk_sad_emotion_", "styletalk_sadfather_",
    "styletalk_sadgirl_", "styletalk_vscodehappy_",
)  # fmt: skip
_HELD_OUT_EXACTLY = ("misc_heads_1", "misc_heads_driving")


def is_held_out(clip: str) -> bool:
    """Whether the clip with this name, without its suffix, shows a held-out person."""
    return clip in _HELD_OUT_EXACTLY or clip.startswith(_HELD_OUT)
