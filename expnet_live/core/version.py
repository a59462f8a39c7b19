"""The version of this program: the build, the package and the files that it writes all take it from here."""

__version__ = "0.1.0"
