"""Sweeps: thousands of networks at once, nothing lost, anywhere."""

from damcore.sweeps.executor import Plan, PlanError, plan, run, verify
from damcore.sweeps.figures import sweeps
from damcore.sweeps.grid import Cell, Sweep
from damcore.sweeps.maps import drift, measures
from damcore.sweeps.scoring import features, finished, ranking
from damcore.sweeps.store import Store, StoreError
from damcore.sweeps.study import study

__all__ = [
    "Cell",
    "Plan",
    "PlanError",
    "Store",
    "StoreError",
    "Sweep",
    "drift",
    "features",
    "finished",
    "measures",
    "plan",
    "ranking",
    "run",
    "study",
    "sweeps",
    "verify",
]
