"""The paper's official release: imports its files, runs its networks, and ports its program from a list to PLY
files.
"""
