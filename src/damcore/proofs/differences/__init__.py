"""What the disagreements between the texts, and with public code, amount to: each function measures one of them."""

from damcore.proofs.differences.kh16 import first_order, label_leak, no_errors, noise_variance, unstable
from damcore.proofs.differences.mrs24.training import (
    equivalent,
    largest_score,
    learned_apart,
    learned_distance,
    readable,
    vanished_gradients,
)
from damcore.proofs.differences.mrs24.updates import (
    LogPeriodic,
    energy_of_the_sum,
    exponential_followers,
    intact,
    rescaled,
    reversed_signs,
    rounded_ties,
    rounding,
    self_coupling,
    slope_sign,
    tie_rule,
    update_order,
    vanished_gaps,
)
from damcore.proofs.differences.mssl22 import jensen_shannon_as_coded, noise_size, softmax_direction
from damcore.proofs.differences.probes import ONE, share, stored, unlearned

__all__ = [
    "ONE",
    "LogPeriodic",
    "energy_of_the_sum",
    "equivalent",
    "exponential_followers",
    "first_order",
    "intact",
    "jensen_shannon_as_coded",
    "label_leak",
    "largest_score",
    "learned_apart",
    "learned_distance",
    "no_errors",
    "noise_size",
    "noise_variance",
    "readable",
    "rescaled",
    "reversed_signs",
    "rounded_ties",
    "rounding",
    "self_coupling",
    "share",
    "slope_sign",
    "softmax_direction",
    "stored",
    "tie_rule",
    "unlearned",
    "unstable",
    "update_order",
    "vanished_gaps",
    "vanished_gradients",
]
