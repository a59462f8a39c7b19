"""ARKit's 52 actions as VTube Studio's inputs, action units and morphs; see core/channels.py."""

from __future__ import annotations

from expnet_live.core.channels import Channels, Formula

# The intensities of FACS that OpenFace 2 writes, 0..5. They are not calibrated to human coders.
ACTION_UNITS = Channels.of(
    {
        "AU01": {"browInnerUp": 1},
        "AU02": {"browOuterUp*": 1},
        "AU04": {"browDown*": 1},
        "AU05": {"eyeWide*": 1},
        "AU06": {"cheekSquint*": 1},
        "AU07": {"eyeSquint*": 1},
        "AU09": {"noseSneer*": 1},
        "AU10": {"mouthUpperUp*": 1},
        "AU12": {"mouthSmile*": 1},
        "AU14": {"mouthDimple*": 1},
        "AU15": {"mouthFrown*": 1},
        "AU17": {"mouthShrugLower": 1},
        "AU20": {"mouthStretch*": 1},
        "AU23": {"mouthPress*": 1},
        "AU25": {"jawOpen": 1, "mouthClose": -1, "mouthLowerDown*": 0.5, "mouthUpperUp*": 0.5},
        "AU26": {"jawOpen": 1},
        "AU45": {"eyeBlink*": 1},
    },
    high=5.0,
    scale=5.0,
)
# Presence of further action units.
LIP_SUCK = Channels.of({"AU28": {"mouthRollLower": 0.5, "mouthRollUpper": 0.5}}, high=5.0, scale=5.0)

# VTube Studio's inputs for the face alone, by the usual formulas.
_VTS: dict[str, Formula] = {
    "MouthSmile": {
        "1": 0.5, "mouthFrown*": -0.5, "mouthPucker": -0.25, "mouthSmile*": 0.5, "mouthDimple*": 0.25,
    },
    "MouthOpen": {
        "jawOpen": 1, "mouthClose": -1, "mouthRollLower": -0.2, "mouthRollUpper": -0.2, "mouthFunnel": 0.2,
    },
    "Brows": {"1": 0.5, "browOuterUp*": 1, "browDown*": -1},
    "BrowLeftY": {"1": 0.5, "browOuterUpLeft": 1, "browDownLeft": -1, "mouthRight": 0.125, "mouthLeft": -0.125},
    "BrowRightY": {"1": 0.5, "browOuterUpRight": 1, "browDownRight": -1, "mouthLeft": 0.125, "mouthRight": -0.125},
    "EyeOpenLeft": {"1": 0.5, "eyeBlinkLeft": -0.8, "eyeWideLeft": 0.8},
    "EyeOpenRight": {"1": 0.5, "eyeBlinkRight": -0.8, "eyeWideRight": 0.8},
    "CheekPuff": {"cheekPuff": 1},
    "TongueOut": {"tongueOut": 1},
    "FaceAngry": {"browDown*": 0.7, "noseSneer*": 0.3},
}  # fmt: skip
VTUBE_STUDIO = Channels.of(_VTS)

# The usual morphs of MikuMikuDance's models, without blinks and winks: vowels, surprise, a grin, raised brows, anger.
MIKU_MIKU_DANCE = Channels.of(
    {
        "あ": {"jawOpen": 1, "mouthFunnel": -0.5, "mouthPucker": -0.5},
        "い": {"mouthStretch*": 1, "jawOpen": -0.5},
        "う": {"mouthPucker": 1, "jawOpen": -0.5},
        "え": {"mouthStretch*": 0.5},
        "お": {"mouthFunnel": 1},
        "びっくり": {"eyeWide*": 1},
        "にやり": {"mouthSmile*": 1},
        "上": {"browInnerUp": 0.5, "browOuterUp*": 0.5},
        "怒り": {"browDown*": 1},
    }
)
