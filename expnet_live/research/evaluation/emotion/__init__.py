"""How well the coefficients tell emotions, at smaller and smaller scales."""
