"""Dense error and coefficients on people never trained on."""
