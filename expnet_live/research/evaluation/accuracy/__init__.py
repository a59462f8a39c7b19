"""Measures dense error and coefficients on held-out people."""
