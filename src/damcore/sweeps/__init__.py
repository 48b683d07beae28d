"""Experiments of thousands of networks: describe them, run them anywhere, store each row, verify a sample."""

from damcore._moved import say_where
from damcore._random import generator
from damcore.sweeps.capacity import Block, Load, OneUpdate, StablePatterns
from damcore.sweeps.classification import ClassifierMap, CurvePoint, ErrorCurve, MapPoint
from damcore.sweeps.experiment import Experiment
from damcore.sweeps.gains import GainCell, GainSweep
from damcore.sweeps.halving import HalfLoad, Size
from damcore.sweeps.retrieval import Ending, Endings, Retrieval, Start
from damcore.sweeps.stored import Stored
from damcore.sweeps.training import Cell, Sweep

try:
    from damcore.sweeps.executor import Plan, PlanError, plan, run, verify
    from damcore.sweeps.store import NotStoredError, Store, StoreError
except ModuleNotFoundError as absent:
    raise ImportError(f"`damcore.sweeps` needs {absent.name}; run `pip install damcore[sweeps]`.") from None

__all__ = [
    "Block",
    "Cell",
    "ClassifierMap",
    "CurvePoint",
    "Ending",
    "Endings",
    "ErrorCurve",
    "Experiment",
    "GainCell",
    "GainSweep",
    "HalfLoad",
    "Load",
    "MapPoint",
    "NotStoredError",
    "OneUpdate",
    "Plan",
    "PlanError",
    "Retrieval",
    "Size",
    "StablePatterns",
    "Start",
    "Store",
    "StoreError",
    "Stored",
    "Sweep",
    "generator",
    "plan",
    "run",
    "verify",
]
say_where(__name__)
