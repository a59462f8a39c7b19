"""Measures which faces are found in photos: turned ones, small ones, and where there is none."""
