"""Avatars: heads with bodies, from VRM 0, VRM 1 and GLB files."""
