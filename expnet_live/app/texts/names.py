"""Titles of the coefficients and actions."""

from __future__ import annotations

TITLES = {
    "jawOpen": "Jaw open",
    "jawLeft": "Jaw sideways",
    "mouthLeft": "Mouth sideways",
    "mouthPucker": "Pucker",
    "mouthFunnel": "Funnel",
    "mouthPress": "Lips press",
    "mouthRollIn": "Lips roll in",
    "mouthShrug": "Chin shrug",
    "browInnerUp": "Brows inner up",
    "mouthSmile": "Smile",
    "mouthFrown": "Frown",
    "mouthDimple": "Dimple",
    "mouthStretch": "Stretch",
    "mouthUpperUp": "Upper lip up",
    "mouthLowerDown": "Lower lip down",
    "eyeBlink": "Blink",
    "eyeSquint": "Squint",
    "browOuterUp": "Brow outer up",
    "browDown": "Brow down",
    "eyeLookDown": "Look down",
    "eyeLookIn": "Look in",
    "eyeLookOut": "Look out",
    "eyeLookUp": "Look up",
    "eyeWide": "Eye wide",
    "jawForward": "Jaw forward",
    "jawRight": "Jaw right",
    "mouthClose": "Mouth close",
    "mouthRight": "Mouth right",
    "mouthRollLower": "Lower lip in",
    "mouthRollUpper": "Upper lip in",
    "mouthShrugLower": "Lower lip shrug",
    "mouthShrugUpper": "Upper lip shrug",
    "cheekPuff": "Cheek puff",
    "cheekSquint": "Cheek up",
    "noseSneer": "Nose sneer",
    "tongueOut": "Tongue out",
}
# These names mean one direction as an action, and both directions, with a sign, as a coefficient.
ONE_WAY = {"jawLeft": "Jaw left", "mouthLeft": "Mouth left"}
SIDES = {"Left": "{title} L", "Right": "{title} R"}


def title(name: str, action: bool = False) -> str:
    """A readable title: mouthSmileLeft becomes Smile L."""
    if action and name in ONE_WAY:
        return ONE_WAY[name]
    if name in TITLES:
        return TITLES[name]
    for side, text in SIDES.items():
        stem = name.removesuffix(side)
        if stem != name and stem in TITLES:
            return text.format(title=TITLES[stem])
    return name
