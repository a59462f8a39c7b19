"""Measures the 3D error by regions of the face, like the REALY benchmark."""
