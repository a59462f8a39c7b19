"""Live outputs to other programs, one file per protocol: see outputs.stream."""
