"""How far the rig moves the face, beside the landmarks of real ones."""
