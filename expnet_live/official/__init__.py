"""The official release of the paper: its files imported, its networks in torch, its program from a list to PLY files."""

OFFICIAL = "official"  # what --model calls it
