"""Measures whether the drawn head has the tone of the person's skin, on held-out people."""
