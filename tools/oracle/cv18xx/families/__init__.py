"""Families of small random ONNX nets, each a pure function of (family, seed)."""

from . import convolution, operators, movement, networks  # noqa: F401  (their order is the order of FAMILIES)
from .builder import FAMILIES, build

__all__ = ["FAMILIES", "build"]
