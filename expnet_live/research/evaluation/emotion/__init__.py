"""Measures how well the coefficients classify emotions, at decreasing image scales."""
