"""The models that this program knows by name, one module each: see pipeline/models.py."""
