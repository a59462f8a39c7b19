"""The 3D head: what is drawn, how it is lit, and from where it is seen."""
