"""Measures jitter on a still face, and whether blinks survive the smoothing."""
