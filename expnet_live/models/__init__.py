"""The models that have a name, one module each: see pipeline/models.py."""
