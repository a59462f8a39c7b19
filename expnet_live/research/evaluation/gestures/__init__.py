"""Measures how well the built-in gestures are recognised: accuracy over their classes, by scale, and false firings."""
