"""The range of floating point: where F leaves it, and energy, gap and gradient in the log domain, which stay in it."""

from damcore._moved import say_where
from damcore.numerics.bound import gap_error
from damcore.numerics.energy import signed_log_energy, signed_log_energy_difference
from damcore.numerics.gap import signed_log_gap
from damcore.numerics.gradient import log_gradient
from damcore.numerics.ranges import Limits, first_overflow, limits, plain_fits, sizes

__all__ = [
    "Limits",
    "first_overflow",
    "gap_error",
    "limits",
    "log_gradient",
    "plain_fits",
    "signed_log_energy",
    "signed_log_energy_difference",
    "signed_log_gap",
    "sizes",
]
say_where(__name__)
