"""The formats that a session is exported in, one module each: see outputs/export/format.py."""
