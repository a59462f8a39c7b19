"""Proofs of the ports of the official release, with random weights: `expnet-live official verify`."""
