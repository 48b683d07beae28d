"""What the disagreements between the texts, and with public code, amount to: each function measures one of them."""

from damcore.proofs.differences.kh16 import first_order, label_leak, no_errors, noise_variance, unstable
from damcore.proofs.differences.mrs24 import (
    energy_of_the_sum,
    exponential_followers,
    self_coupling,
    slope_sign,
    tie_rule,
    update_order,
    vanished_gaps,
)
from damcore.proofs.differences.mssl22 import jensen_shannon_as_coded, noise_size, softmax_direction
from damcore.proofs.differences.probes import share, stored

__all__ = [
    "energy_of_the_sum",
    "exponential_followers",
    "first_order",
    "jensen_shannon_as_coded",
    "label_leak",
    "no_errors",
    "noise_size",
    "noise_variance",
    "self_coupling",
    "share",
    "slope_sign",
    "softmax_direction",
    "stored",
    "tie_rule",
    "unstable",
    "update_order",
    "vanished_gaps",
]
