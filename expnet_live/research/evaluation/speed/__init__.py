"""Seconds per image, ExpNet and landmark-based ways on the same images."""
