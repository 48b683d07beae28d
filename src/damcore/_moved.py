"""Names that have moved to `damcompanion`; a module that is asked for one of them says where it is."""

import sys
from typing import NoReturn

MOVED = {
    "damcore": {
        "papers": "damcompanion.texts",
        "plotting": "damcompanion.figures",
        "proofs": (
            "damcompanion.mrs24.proofs, damcompanion.checks, damcompanion.claims and damcompanion.exact_networks"
        ),
    },
    "damcore.numerics": {"exact_gap": "damcompanion.floating_point.exact.exact_gap"},
    "damcore.sweeps": {
        **{name: f"damcompanion.mrs24.figures.{name}" for name in ("Gallery", "MapFigure", "figures")},
        **{name: f"damcompanion.mrs24.regions.{name}" for name in ("Map", "Maps")},
        **{name: f"damcompanion.mrs24.measures.{name}" for name in ("drift", "measures")},
        **{name: f"damcompanion.mrs24.experiments.{name}" for name in ("further", "study", "sweeps")},
        **{
            name: f"damcompanion.mrs24.ranking.{name}"
            for name in ("chances", "features", "finished", "ranking", "rivals")
        },
        **{name: f"damcompanion.mrs24.choices.{name}" for name in ("choices", "serves_from", "worst")},
        **{name: f"damcompanion.mrs24.claims.{name}" for name in ("Look", "verdicts")},
        "Outcome": "damcompanion.claims.Verdict",
        "Panel": "damcompanion.mrs24.regions.Map",
        "Statement": "damcompanion.claims.Claim",
        "Verdict": "damcompanion.claims.Judged",
        "verdict_table": "damcompanion.tables.claims_table",
    },
}


def say_where(module: str) -> None:
    """Let a module say where its moved names are.

    A moved name raises an ImportError, since `from damcore import plotting` hides the message of an AttributeError.
    Type checkers do not see the module's `__getattr__`, and so keep reporting names that it does not have.

    Args:
        module: the name of the module, a key of `MOVED`.
    """
    asked = sys.modules[module]

    def __getattr__(name: str) -> NoReturn:
        if name in MOVED[module]:
            raise ImportError(f"`{module}.{name}` has moved to {MOVED[module][name]}.", name=name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name, obj=asked)

    vars(asked)["__getattr__"] = __getattr__
