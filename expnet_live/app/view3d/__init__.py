"""The 3D head: its geometry, lighting and camera."""
