"""The built-in gestures.

The scores at which they begin are in assets/gestures.json: `expnet-live evaluate gestures --fit` chooses them for a
network, on other heads and clips than those that the figures of the docs come from.
"""

from __future__ import annotations

import json

from expnet_live.core.paths import asset
from expnet_live.gestures.look import Look
from expnet_live.gestures.rule import Rule, Score

MOUTH, BROWS, LIDS, EYES, HEAD = "mouth", "brows", "lids", "eyes", "head"
_SHUT = 0.45  # of a blink: the gaze of a shut eye means nothing
_FAR = 0.6  # rad that eyes turn at most
_TURNED = 0.44  # rad of a head's turn to one side, from which its eye on that side winks no more


def _wide(look: Look) -> float:
    """Broad smiles show the upper teeth."""
    return look.both("mouthSmile") + 0.3 * max(look.both("mouthUpperUp"), 0.0)


def _wink(look: Look, shut: str, open_: str) -> float:
    """None by the far eye of a turned head, of which little is seen."""
    if float(look.head[0]) * (1 if shut == "Left" else -1) > _TURNED:
        return 0.0
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


BEGINS = "gestures.json"
_BEGINS: dict[str, float] = json.loads(asset(BEGINS).read_text(encoding="utf-8"))


def _rule(
    name: str,
    about: str,
    formula: str,
    part: str,
    score: Score,
    falls: float,
    hold: float,
    cooldown: float = 0.3,
    beats: tuple[str, ...] = (),
) -> Rule:
    """A rule that ends at the share `falls` of the score at which it begins."""
    begins = _BEGINS[name]
    return Rule(name, about, formula, part, score, begins, round(falls * begins, 4), hold, cooldown, beats)


# fmt: off
BUILT_IN: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        _rule("smile", "both corners of the mouth rise", "the weaker side of `mouthSmile`",
              MOUTH, lambda k: k.both("mouthSmile"), falls=0.50, hold=0.4),
        _rule("wide smile", "a smile as far as it goes", "the same, and 0.3 of the weaker `mouthUpperUp`",
              MOUTH, _wide, falls=0.56, hold=0.25, beats=("smile",)),
        _rule("frown", "both corners of the mouth fall", "the weaker side of `mouthFrown`",
              MOUTH, lambda k: k.both("mouthFrown"), falls=0.50, hold=0.35),
        _rule("mouth open", "the jaw drops", "`jawOpen`", MOUTH, lambda k: k.of("jawOpen"), falls=0.67, hold=0.35),
        _rule("pucker", "the lips push forward, as for a kiss", "`mouthPucker`",
              MOUTH, lambda k: k.of("mouthPucker"), falls=0.63, hold=0.45, beats=("cheek puff",)),
        _rule("cheek puff", "the cheeks fill with air", "`cheekPuff` less 0.15 of `mouthPucker`",
              MOUTH, lambda k: k.of("cheekPuff") - 0.15 * max(k.of("mouthPucker"), 0.0), falls=0.50, hold=0.4),
        _rule("brows up", "both brows rise", "the mean of `browInnerUp` and the weaker `browOuterUp`",
              BROWS, lambda k: (k.of("browInnerUp") + k.both("browOuterUp")) / 2, falls=0.62, hold=0.4),
        _rule("brows down", "both brows fall", "the weaker side of `browDown`",
              BROWS, lambda k: k.both("browDown"), falls=0.62, hold=0.4),
        _rule("blink both", "both eyes stay shut, for longer than in a blink",
              "the weaker side of `eyeBlink`, as a share of the person's ordinary blinks",
              LIDS, lambda k: k.both("eyeBlink") / k.shut, falls=0.70, hold=0.35),
        _rule("wink left", "the person's left eye shuts alone",
              "`eyeBlinkLeft` less 1.2 of `eyeBlinkRight`; 0 if the head is turned left by 25°",
              LIDS, lambda k: _wink(k, "Left", "Right"), falls=0.57, hold=0.15),
        _rule("wink right", "the person's right eye shuts alone",
              "`eyeBlinkRight` less 1.2 of `eyeBlinkLeft`; 0 if it is turned right by 25°",
              LIDS, lambda k: _wink(k, "Right", "Left"), falls=0.57, hold=0.15),
        _rule("look left", "the eyes turn to the person's left",
              "the turn of the eyes in the head or in space, the smaller one; 1 is as far as they go",
              EYES, _to_the_left, falls=0.67, hold=0.4),
        _rule("look right", "the eyes turn to the person's right", "the same to the other side",
              EYES, lambda k: -_to_the_left(k), falls=0.67, hold=0.4),
        _rule("nod or shake", "the head swings to and fro",
              "the smallest of three even swings within 1.4 s, in rad, twice as far as across",
              HEAD, lambda k: max(k.swing), falls=0.60, hold=0.0, cooldown=0.8),
    )
}
# fmt: on
