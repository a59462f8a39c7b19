"""The version of this program, for the build, the package and the files that it writes."""

__version__ = "0.1.0"
