"""Measures which faces are found in photos: rotated ones, small ones, and false detections."""
