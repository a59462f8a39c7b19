"""Gestures: moments in which a face does something on purpose, found by rules over ARKit's actions and the pose."""
