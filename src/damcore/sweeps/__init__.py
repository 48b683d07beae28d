"""Sweeps: thousands of networks at once, nothing lost, anywhere."""

from damcore.sweeps.executor import Plan, PlanError, plan, run, verify
from damcore.sweeps.figures import sweeps
from damcore.sweeps.grid import Cell, Sweep
from damcore.sweeps.store import Store, StoreError

__all__ = ["Cell", "Plan", "PlanError", "Store", "StoreError", "Sweep", "plan", "run", "sweeps", "verify"]
