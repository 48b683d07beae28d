"""Checks of every statement that MRS24 proves or argues: each takes the statement's ingredients, so it can be broken.

The names here need the extra `proofs` (sympy, z3-solver, hypothesis), which is imported when a check runs.
"""

from damcore.proofs.exponential import (
    exponent_identity,
    exponential_sum_sign,
    exponential_temperature,
    majority_limit,
    ordering_condition,
    printed_sign_step,
)
from damcore.proofs.homogeneity import (
    difference_identity,
    homogeneous_for_all_reals,
    homogeneous_for_every_vertex,
    homogeneous_in_examples,
    one_factor,
    only_degree,
    only_homogeneous,
)
from damcore.proofs.laws import LAWS, Law, between_powers, leaky, sign_of_exponential_sum
from damcore.proofs.learning import Trajectories, same_bracket, temperature_is_forced, trainings, trainings_agree
from damcore.proofs.result import Check, Kind
from damcore.proofs.update import (
    ordered_for_increasing,
    pair_sign_kept,
    update_unchanged,
    update_unchanged_for_all_reals,
    update_unchanged_in_examples,
)

__all__ = [
    "LAWS",
    "Check",
    "Kind",
    "Law",
    "Trajectories",
    "between_powers",
    "difference_identity",
    "exponent_identity",
    "exponential_sum_sign",
    "exponential_temperature",
    "homogeneous_for_all_reals",
    "homogeneous_for_every_vertex",
    "homogeneous_in_examples",
    "leaky",
    "majority_limit",
    "one_factor",
    "only_degree",
    "only_homogeneous",
    "ordered_for_increasing",
    "ordering_condition",
    "pair_sign_kept",
    "printed_sign_step",
    "same_bracket",
    "sign_of_exponential_sum",
    "temperature_is_forced",
    "trainings",
    "trainings_agree",
    "update_unchanged",
    "update_unchanged_for_all_reals",
    "update_unchanged_in_examples",
]
