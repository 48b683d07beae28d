"""Sweeps: thousands of networks at once, nothing lost, anywhere."""

from damcore.sweeps.choices import choices, serves_from, worst
from damcore.sweeps.executor import Plan, PlanError, plan, run, verify
from damcore.sweeps.extensions import further
from damcore.sweeps.gallery import Gallery, Panel
from damcore.sweeps.grid import Cell, Sweep
from damcore.sweeps.heat_maps import MapFigure, figures, sweeps
from damcore.sweeps.maps import drift, measures, report
from damcore.sweeps.region import Map, Maps
from damcore.sweeps.scoring import chances, features, finished, ranking, rivals
from damcore.sweeps.section5 import verdicts
from damcore.sweeps.settings_study import study
from damcore.sweeps.statements import Look, Outcome, Statement, Verdict, verdict_table
from damcore.sweeps.store import Store, StoreError

__all__ = [
    "Cell",
    "Gallery",
    "Look",
    "Map",
    "MapFigure",
    "Maps",
    "Outcome",
    "Panel",
    "Plan",
    "PlanError",
    "Statement",
    "Store",
    "StoreError",
    "Sweep",
    "Verdict",
    "chances",
    "choices",
    "drift",
    "features",
    "figures",
    "finished",
    "further",
    "measures",
    "plan",
    "ranking",
    "report",
    "rivals",
    "run",
    "serves_from",
    "study",
    "sweeps",
    "verdict_table",
    "verdicts",
    "verify",
    "worst",
]
