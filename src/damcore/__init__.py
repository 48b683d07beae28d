"""Dense associative memories: original and modified, any interaction function, learning and recall."""

from damcore import capacity, classifier, datasets, hopfield, interactions, learning, network, numerics, recall
from damcore._moved import say_where
from damcore.model import DenseAssociativeMemory
from damcore.planning import Plan, plan
from damcore.scaling import Scaling

__version__ = "0.1.0"
__all__ = [
    "DenseAssociativeMemory",
    "Plan",
    "Scaling",
    "capacity",
    "classifier",
    "datasets",
    "hopfield",
    "interactions",
    "learning",
    "network",
    "numerics",
    "plan",
    "recall",
]
say_where(__name__)
