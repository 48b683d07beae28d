"""The associative memory as a classifier."""

from damcore.classifier.estimator import Classifier
from damcore.classifier.sampling import Balanced

__all__ = ["Balanced", "Classifier"]
