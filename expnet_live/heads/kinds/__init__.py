"""The kinds of heads that can be imported, one module each: see heads/kind.py."""
