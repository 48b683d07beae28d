"""What floating point does to F, and a gap and a step that it cannot do it to."""

from damcore.numerics.gap import gap_error, signed_log_gap
from damcore.numerics.gradient import log_gradient

__all__ = ["gap_error", "log_gradient", "signed_log_gap"]
