"""The associative memory as a classifier, and the feed-forward network that is dual to it."""

from damcore.classifier.dual import dual_gap, dual_gradient, train_dual
from damcore.classifier.estimator import Classifier
from damcore.classifier.sampling import Balanced

__all__ = ["Balanced", "Classifier", "dual_gap", "dual_gradient", "train_dual"]
