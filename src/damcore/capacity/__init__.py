"""How many random patterns a network can store: the chance that one neuron turns over, and the largest K.

The K patterns are the memories, their elements are independent and -1 or +1 with equal probability, and T = 1. The
laws are computed and not simulated; `measured_error` draws networks to compare them with, and `half_load` searches for
the number of memories at which half of what is tried succeeds.
"""

from damcore.capacity.errors import error_probability, nearest_probability, noise_variance, perfect_probability
from damcore.capacity.half import Half, half_load
from damcore.capacity.loads import max_memories, max_perfect_memories
from damcore.capacity.measured import Measured, clopper_pearson, measured_error

__all__ = [
    "Half",
    "Measured",
    "clopper_pearson",
    "error_probability",
    "half_load",
    "max_memories",
    "max_perfect_memories",
    "measured_error",
    "nearest_probability",
    "noise_variance",
    "perfect_probability",
]
