"""The built-in gestures. Their thresholds were chosen on other heads and clips than the figures of the docs."""

from __future__ import annotations

from expnet_live.gestures.look import Look
from expnet_live.gestures.rule import Rule

MOUTH, BROWS, LIDS, EYES, HEAD = "mouth", "brows", "lids", "eyes", "head"
_SHUT = 0.45  # of a blink: the gaze of a shut eye means nothing
_ASKEW = 0.5  # of a swing, by which the head swings across it at most
_FAR = 0.6  # rad that eyes turn at most


def _smile(look: Look) -> float:
    return look.both("mouthSmile")


def _wide(look: Look) -> float:
    """Broad smiles show the upper teeth."""
    return look.both("mouthSmile") + 0.3 * max(look.both("mouthUpperUp"), 0.0)


def _wink(look: Look, shut: str, open_: str) -> float:
    return look.of(f"eyeBlink{shut}") - 1.2 * max(look.of(f"eyeBlink{open_}"), 0.0)


def _to_the_left(look: Look) -> float:
    """The person's left is the viewer's right, to which yaw is positive. A head that turns while the eyes stay on
    something is no look, and neither is one that takes the eyes along."""
    if look.of("eyeBlink") > _SHUT:
        return 0.0
    eyes = (look.of("eyeLookOutLeft") + look.of("eyeLookInRight")) / 2
    eyes -= (look.of("eyeLookInLeft") + look.of("eyeLookOutRight")) / 2
    world = eyes + float(look.head[0]) / _FAR
    return min(eyes, world, key=abs) if eyes * world > 0 else 0.0


def _swing(look: Look) -> float:
    """A nod or a shake keeps to one axis; heads that sway as people talk do not."""
    yaw, pitch = look.swing
    return max(yaw, pitch) if min(yaw, pitch) < _ASKEW * max(yaw, pitch) else 0.0


BUILT_IN: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "smile",
            "both corners of the mouth rise",
            "the weaker side of `mouthSmile`",
            MOUTH,
            _smile,
            0.2,
            0.1,
            hold=0.45,
        ),
        Rule(
            "wide smile",
            "a smile as far as it goes",
            "the same, and 0.3 of the weaker `mouthUpperUp`",
            MOUTH,
            _wide,
            0.8,
            0.45,
            hold=0.3,
            beats=("smile",),
        ),
        Rule(
            "frown",
            "both corners of the mouth fall",
            "the weaker side of `mouthFrown`",
            MOUTH,
            lambda k: k.both("mouthFrown"),
            0.2,
            0.1,
            hold=0.4,
        ),
        Rule("mouth open", "the jaw drops", "`jawOpen`", MOUTH, lambda k: k.of("jawOpen"), 0.45, 0.3, hold=0.4),
        Rule(
            "pucker",
            "the lips push forward, as for a kiss",
            "`mouthPucker`",
            MOUTH,
            lambda k: k.of("mouthPucker"),
            0.35,
            0.22,
            hold=0.5,
            beats=("cheek puff",),
        ),
        Rule(
            "cheek puff",
            "the cheeks fill with air",
            "`cheekPuff` less 0.15 of `mouthPucker`",
            MOUTH,
            lambda k: k.of("cheekPuff") - 0.15 * max(k.of("mouthPucker"), 0.0),
            0.04,
            0.02,
            hold=0.45,
        ),
        Rule(
            "brows up",
            "both brows rise",
            "the mean of `browInnerUp` and the weaker `browOuterUp`",
            BROWS,
            lambda k: (k.of("browInnerUp") + k.both("browOuterUp")) / 2,
            0.4,
            0.25,
            hold=0.45,
        ),
        Rule(
            "brows down",
            "both brows fall",
            "the weaker side of `browDown`",
            BROWS,
            lambda k: k.both("browDown"),
            0.13,
            0.08,
            hold=0.45,
        ),
        Rule(
            "blink both",
            "both eyes stay shut, for longer than in a blink",
            "the weaker side of `eyeBlink`",
            LIDS,
            lambda k: k.both("eyeBlink"),
            0.4,
            0.28,
            hold=0.4,
        ),
        Rule(
            "wink left",
            "the person's left eye shuts alone",
            "`eyeBlinkLeft` less 1.2 of `eyeBlinkRight`",
            LIDS,
            lambda k: _wink(k, "Left", "Right"),
            0.35,
            0.2,
            hold=0.2,
        ),
        Rule(
            "wink right",
            "the person's right eye shuts alone",
            "`eyeBlinkRight` less 1.2 of `eyeBlinkLeft`",
            LIDS,
            lambda k: _wink(k, "Right", "Left"),
            0.35,
            0.2,
            hold=0.2,
        ),
        Rule(
            "look left",
            "the eyes turn to the person's left",
            "the turn of the eyes in the head or in space, the smaller one; 1 is as far as they go",
            EYES,
            _to_the_left,
            0.36,
            0.24,
            hold=0.45,
        ),
        Rule(
            "look right",
            "the eyes turn to the person's right",
            "the same to the other side",
            EYES,
            lambda k: -_to_the_left(k),
            0.36,
            0.24,
            hold=0.45,
        ),
        Rule(
            "nod or shake",
            "the head swings to and fro",
            "the smallest of three swings within 1.4 s, in rad, twice as far as across",
            HEAD,
            _swing,
            0.2,
            0.12,
            hold=0.0,
            cooldown=0.8,
        ),
    )
}
