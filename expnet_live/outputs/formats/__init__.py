"""The export formats of a session, one module each: see outputs/export/format.py."""
