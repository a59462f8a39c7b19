"""3D error by regions of the face, as the REALY benchmark measures it."""
