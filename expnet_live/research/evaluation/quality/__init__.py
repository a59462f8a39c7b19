"""Measures how the error of the actions depends on the quality of a frame, by decile, on rendered people."""
