"""The paper's official release: its files imported, its networks in torch, its program from a list to PLY files."""
