"""Live outputs to other programs, one file a protocol: see outputs.stream."""
