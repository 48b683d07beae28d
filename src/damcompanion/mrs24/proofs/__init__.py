"""Checks of every statement that MRS24 proves or argues: each takes the statement's ingredients, so it can be broken.

`gain` has statements of our own, on the temperature at which a network learns.

The names here need the extra `proofs` (sympy, z3-solver, hypothesis), which is imported when a check runs.
"""

from damcompanion.mrs24.proofs.exponential import (
    exponent_identity,
    exponential_sum_sign,
    exponential_temperature,
    larger_maximum,
    larger_sum,
    majorised,
    majority_limit,
    ordering_condition,
    pairwise,
    printed_sign_step,
)
from damcompanion.mrs24.proofs.gain import (
    gain_between,
    gain_falls,
    leak_adds,
    others_cancel,
    same_gain,
)
from damcompanion.mrs24.proofs.homogeneity import (
    difference_identity,
    homogeneous_for_all_reals,
    homogeneous_for_every_vertex,
    homogeneous_in_examples,
    one_factor,
    only_degree,
    only_homogeneous,
)
from damcompanion.mrs24.proofs.learning import (
    Trajectories,
    same_bracket,
    temperature_is_forced,
    trainings,
    trainings_agree,
)
from damcompanion.mrs24.proofs.update import (
    inverse_size,
    ordered_for_increasing,
    pair_sign_kept,
    update_unchanged,
    update_unchanged_for_all_reals,
    update_unchanged_in_examples,
)

__all__ = [
    "Trajectories",
    "difference_identity",
    "exponent_identity",
    "exponential_sum_sign",
    "exponential_temperature",
    "gain_between",
    "gain_falls",
    "homogeneous_for_all_reals",
    "homogeneous_for_every_vertex",
    "homogeneous_in_examples",
    "inverse_size",
    "larger_maximum",
    "larger_sum",
    "leak_adds",
    "majorised",
    "majority_limit",
    "one_factor",
    "only_degree",
    "only_homogeneous",
    "ordered_for_increasing",
    "ordering_condition",
    "others_cancel",
    "pair_sign_kept",
    "pairwise",
    "printed_sign_step",
    "same_bracket",
    "same_gain",
    "temperature_is_forced",
    "trainings",
    "trainings_agree",
    "update_unchanged",
    "update_unchanged_for_all_reals",
    "update_unchanged_in_examples",
]
