"""Errata of McAlister, Robins and Szymanski (2024), in three parts, each in the order of the text."""

from damcompanion.mrs24.errata import argument, experiments, networks

#: The errata, in the order of the text.
ERRATA = networks.ERRATA + argument.ERRATA + experiments.ERRATA

__all__ = ["ERRATA"]
