"""Errata of Millidge et al. (2022), in the order of the text; last, what its public code does otherwise."""

from damcompanion.mssl22.errata import code, dynamics, experiments, framework, functions

#: The errata, in the order of the text.
ERRATA = framework.ERRATA + dynamics.ERRATA + experiments.ERRATA + functions.ERRATA + code.ERRATA

__all__ = ["ERRATA"]
