"""The pages of the API reference: a list of all modules, and a page for each topic, those that users need first."""

import importlib
import inspect
import pydoc
from pathlib import Path

from pages import is_module
from sources import public_data, public_docstrings

RUNNING = ("Store", "run", "plan", "verify", "Plan")
# Page -> its title and its modules, each with all that lies in it, or what is taken out of a long module; the order of
# the table of contents.
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "model": ("damcore.model", ("damcore.model",)),
    "recall": ("damcore.recall", ("damcore.recall",)),
    "learning": ("damcore.learning", ("damcore.learning",)),
    "interactions": ("damcore.interactions", ("damcore.interactions",)),
    "scaling": ("damcore.scaling", ("damcore.scaling",)),
    "network": ("damcore.network", ("damcore.network",)),
    "classifier": ("damcore.classifier", ("damcore.classifier",)),
    "datasets": ("damcore.datasets", ("damcore.datasets",)),
    "numerics": ("damcore.numerics", ("damcore.numerics",)),
    "capacity": ("damcore.capacity", ("damcore.capacity",)),
    "planning": ("damcore.planning", ("damcore.planning",)),
    "sweeps": ("damcore.sweeps", ("damcore.sweeps",)),
    "sweeps-running": ("damcore.sweeps: running", tuple(f"damcore.sweeps.{name}" for name in RUNNING)),
    "hopfield": ("damcore.hopfield", ("damcore.hopfield",)),
    "claims": (
        "damcompanion: claims",
        tuple(f"damcompanion.{name}" for name in ("claims", "checks", "errata", "ledger", "tables", "texts")),
    ),
    "pictures": (
        "damcompanion: pictures",
        tuple(
            f"damcompanion.{name}"
            for name in ("components", "shown", "figures", "teaching", "results", "catalogue", "probes")
        ),
    ),
    "exact": (
        "damcompanion: exact numbers",
        ("damcompanion.exact_networks", "damcompanion.provers", "damcompanion.floating_point"),
    ),
    "mrs24-maps": (
        "damcompanion.mrs24: maps",
        tuple(
            f"damcompanion.mrs24.{name}"
            for name in (
                "figures",
                "measures",
                "regions",
                "places",
                "choices",
                "temperature",
                "windows",
                "served",
                "planes",
                "fates",
                "ranking",
                "experiments",
            )
        ),
    ),
    "mrs24-claims": (
        "damcompanion.mrs24: claims",
        tuple(f"damcompanion.mrs24.{name}" for name in ("claims", "errata", "differences")),
    ),
    "mrs24-proofs": ("damcompanion.mrs24: proofs", ("damcompanion.mrs24.proofs",)),
    "kh16": ("damcompanion.kh16", ("damcompanion.kh16",)),
    "mssl22": ("damcompanion.mssl22", ("damcompanion.mssl22",)),
}
TAKEN_OUT = {f"damcore.sweeps.{name}" for name in RUNNING}
INTRODUCTION = """# API

*What is in the packages, and where is it described?*

**`damcore` is the library; `damcompanion` judges what the texts say, and makes this book. Each name leads to its
description.**

Signatures give the shapes. `*runs` stands for any number of leading axes; {doc}`../notation` names the others."""


def modules(*packages: Path) -> dict[str, list[str]]:
    """Return each public module and subpackage, with the dotted names of what it documents.

    Args:
        packages: the packages' folders.
    """
    found: dict[str, list[str]] = {}
    for package in packages:
        names = [name for name, _ in public_docstrings(package)]
        for name in names:
            if is_module(package, name):
                found[name] = []
        for name in [*names, *public_data(package)]:
            around = [module for module in found if name.startswith(f"{module}.")]
            if name not in found and around and not _kept_back(max(around, key=len), name):
                found[max(around, key=len)].append(name)
    return found


def _kept_back(module: str, name: str) -> bool:
    """Whether the `__all__` of a module leaves out what it defines by this name, or the class around it."""
    holder = importlib.import_module(module)
    own = name.removeprefix(f"{module}.").split(".")[0]
    defined = hasattr(holder, own) and not inspect.ismodule(getattr(holder, own))
    return defined and own not in getattr(holder, "__all__", [own])


def api(*packages: Path) -> dict[str, str]:
    """Return the pages, name -> text; the list of modules is called "api".

    Args:
        packages: the packages' folders, in the order of the list.
    """
    documented = modules(*packages)
    says = {name: text for package in packages for name, text in public_docstrings(package)}
    listed, written = [INTRODUCTION], {}
    for page, (title, parts) in PAGES.items():
        names = [name for part in parts for name in documented if f"{name}.".startswith(f"{part}.")]
        alone = [part for part in parts if part in TAKEN_OUT]
        several = len(names) > 1
        described = [_described(name, documented[name], headed=several) for name in names] + [*map(_alone, alone)]
        written[f"api/{page}"] = "\n\n".join([f"# {title}", *described]) + "\n"
        listed.append(f"## {{doc}}`{title} <api/{page}>`")
        listed += [_line(name, says[name], documented[name], named=several) for name in names]
        listed += [_links(alone)] if alone else []
    return {"api": "\n\n".join(listed) + "\n", **written}


def _described(module: str, names: list[str], *, headed: bool) -> str:
    """What makes Sphinx describe a module; data that a subpackage does not hold itself come one by one."""
    lines = [f"## {module}", ""] if headed else []
    lines += ["```{eval-rst}", f".. automodule:: {module}", "   :members:", "   :show-inheritance:", "   :no-value:"]
    lines += ["   :member-order: bysource"]
    if out := [name.rpartition(".")[2] for name in names if name in TAKEN_OUT]:
        lines += [f"   :exclude-members: {', '.join(out)}"]
    lines += [f"\n.. autodata:: {name}\n   :no-value:" for name in names if _is_within(module, name)]
    return "\n".join([*lines, "```"])


def _is_within(module: str, name: str) -> bool:
    """Whether a datum lies in a module of a subpackage: its name has a part more."""
    return name.rpartition(".")[2].isupper() and name.rpartition(".")[0] != module


def _line(module: str, docstring: str, names: list[str], *, named: bool) -> str:
    """A module in the list: what it is for and what it holds, at the anchors that older links lead to."""
    first = " ".join(docstring.split("\n\n")[0].split())
    inside = [name for name in names if name.rpartition(".")[0] == module or _is_within(module, name)]
    top = [name for name in inside if name not in TAKEN_OUT]
    head = f'<span id="module-{module}"></span>' + f"{{py:mod}}`{module}`: " * named + first
    return "\n\n".join([head, *([_links(top)] if top else [])])


def _links(names: list[str]) -> str:
    return ", ".join(f'<span id="{name}"></span>{{py:obj}}`{name.rpartition(".")[2]} <{name}>`' for name in names)


def _alone(name: str) -> str:
    """What makes Sphinx describe a class or a function that is taken out of its module's page."""
    kind = "autoclass" if inspect.isclass(pydoc.locate(name)) else "autofunction"
    members = "   :members:\n" * (kind == "autoclass")
    return f"```{{eval-rst}}\n.. {kind}:: {name}\n{members}```"
