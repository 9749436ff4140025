"""Unit tests of the wire primitives."""
