"""Sweeps: thousands of networks at once, nothing lost, anywhere."""

from damcore.sweeps.executor import Plan, PlanError, plan, run, verify
from damcore.sweeps.figures import MapFigure, figures, sweeps
from damcore.sweeps.further import further
from damcore.sweeps.gallery import Gallery, Panel
from damcore.sweeps.grid import Cell, Sweep
from damcore.sweeps.maps import drift, measures
from damcore.sweeps.scoring import features, finished, ranking
from damcore.sweeps.store import Store, StoreError
from damcore.sweeps.study import study
from damcore.sweeps.verdicts import Verdict, verdicts

__all__ = [
    "Cell",
    "Gallery",
    "MapFigure",
    "Panel",
    "Plan",
    "PlanError",
    "Store",
    "StoreError",
    "Sweep",
    "Verdict",
    "drift",
    "features",
    "figures",
    "finished",
    "further",
    "measures",
    "plan",
    "ranking",
    "run",
    "study",
    "sweeps",
    "verdicts",
    "verify",
]
