"""Handwritten digits, random patterns, and functions that damage them."""

from damcore.datasets.mnist import mnist, mnist_origin
from damcore.datasets.patterns import binarise, flip, lower_half, mask, random_patterns

__all__ = ["binarise", "flip", "lower_half", "mask", "mnist", "mnist_origin", "random_patterns"]
