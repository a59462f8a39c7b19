"""Texts about gestures."""

from __future__ import annotations

GESTURES, GESTURES_TIP = "Gestures", "Show smiles, winks, nods and other gestures as they happen, and let them act"
GESTURES_ACT = "Set markers and press keys"
GESTURES_ACT_TIP = (
    "Let gestures act: set their markers, here and in live outputs, and press their keys for the program in front"
)
GESTURE_ON_TIP = "{about}. Watch for it, or not"
GESTURE_MARK_TIP = "Set a marker when it happens"
GESTURE_KEY, GESTURE_KEY_TIP = (
    "key",
    "The key to press when it happens: a character, or a name such as space, f5 or ctrl+s",
)
GESTURE_ADD, GESTURE_ADD_TIP = "Add your own…", "Record a gesture of your own from three examples"
GESTURE_DELETE = "Delete this gesture of yours"
GESTURE_NAME = "Name of the gesture"
GESTURE_TAKEN = "There is already a gesture {name}; choose another name."
GESTURE_SAVED = "{name} is one of your gestures now."
LESSON = "Your gesture: {name}"
LESSON_REST = ("Relax", "Look at the camera with a relaxed face.")
LESSON_SHOW = ("Now: {name}", "Do it, and hold it until the ring is full.")
LESSON_DONE = ("Three examples", "Keep them, or cancel and try again later.")
LESSON_STEP = "{n}/{of}   {title}"
