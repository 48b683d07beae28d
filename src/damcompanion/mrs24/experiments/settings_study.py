"""The settings study: which of the settings that MRS24 leaves open give its hyperparameter maps, as named sweeps.

The text does not name F, the initial memories, or the grids of its experiments, and its public code has placed N and T
in several ways. Each sweep here is one choice, at a coarse grid: wide enough that no optimal region is missed for its
place, coarse enough that all choices can be trained. What a map shows is judged by `ranking`, written down before any
row was computed.

What the text does say is the base: a zero gap goes to +1, 20 states, N = 100, decay 0.999, no momentum, m = 1, 500
epochs, double precision. The rest of the base is the public code's: memories from U[0, 1], floor 1e-30, and the K = 100
of its example. The text's own K is 256 (end of section 5.3, of "all experiments"); that sentence was overlooked when
the study was planned. So K = 256 stands among the variations (`memories-256`), and the leading settings are repeated
with it on fresh seeds.
"""

from dataclasses import replace

from damcore import _checks
from damcore.sweeps.experiment import logarithmic
from damcore.sweeps.training import Sweep

VERTICES = (2, 5, 10, 20, 30)
# profile -> step along the inverse temperatures and along the rates, repeats, epochs, vertices
PROFILES = {
    "smoke": (6, 3, 1, 20, (2, 5)),
    "quick": (2, 2, 1, 200, VERTICES),
    "paper": (1, 1, 1, 500, VERTICES),
}
N = 100
RATES = logarithmic(0.05, 5.0, 7)  # three a decade
WIDE = logarithmic(1e-5, 10.0, 13)  # half decades around the 1e-2 of the text's original network
# F(h / N) is at most 1 where F(h) reaches N^n: the same six decades, two higher.
WIDE_NORMALISED = logarithmic(1e-3, 1e3, 13)
NARROW = logarithmic(0.03, 30.0, 13)  # quarter decades around the 0.9 of its modified network
NARROW_WHOLE = logarithmic(0.03 / N, 30.0 / N, 13)  # without N: the same networks, for a homogeneous F

#: Name in the study -> interaction function.
FUNCTIONS = {
    "polynomial": dict(interaction="polynomial"),
    "rectified": dict(interaction="rectified"),
    "leaky": dict(interaction="leaky", slope=0.01),  # the public code
    "leaky-steep": dict(interaction="leaky", slope=0.1),
    "leaky-printed": dict(interaction="leaky", slope=-0.01),  # the sign of MRS24 Eq. 7
    "exponential": dict(interaction="exponential"),
}
HOMOGENEOUS = ("polynomial", "rectified")
#: Scalings of the study that are read as the original network.
ORIGINAL = ("original", "outside", "outside-n", "outside-normalised", "original-normalised")
#: Scalings of the study that are read as the modified network.
MODIFIED = ("modified", "inside")
# One setting at a time; epochs as a multiple of the profile's.
VARIATIONS = {
    "symmetric": dict(initial="symmetric"),
    "normal": dict(initial="normal"),
    "no-floor": dict(floor=None),
    "memories-20": dict(n_memories=20),
    "memories-50": dict(n_memories=50),
    "memories-200": dict(n_memories=200),
    "memories-256": dict(n_memories=256),  # MRS24, end of section 5.3
    "synchronous": dict(order="synchronous"),
    "tie-negative": dict(tie="negative"),
    "epochs-fifth": dict(epochs=0.2),
    "epochs-double": dict(epochs=2),
    "float32": dict(dtype="float32"),
    "momentum": dict(momentum=0.6),  # the public code's examples
}
FEW_VARIATIONS = ("symmetric", "normal", "no-floor")


@_checks.door
def study(profile: str = "quick") -> dict[str, Sweep]:
    """The sweeps of the settings study, "study-SCALING-FUNCTION" and then what else differs from the base.

    Every function is trained in every scaling. Where F is not homogeneous, the modified network also recalls with other
    scales than the text's; for a homogeneous F the scale of recall changes no sign, and without N in the scaling those
    of text and learning are both 1, so that "over-n" is the one alternative there. Around the leaky F in four scalings
    one other setting changes at a time, and the three that bear on large vertices around the modified polynomial.

    Args:
        profile: "smoke" (3 x 3 cells, two vertices, seconds a sweep), "quick" (every second point of the axes) or
            "paper" (13 x 7 cells, one network a cell, 500 epochs; the best are confirmed with more, on fresh seeds).

    Returns:
        name -> sweep.

    Raises:
        ValueError: no such profile.

    Example:
        >>> from damcompanion.mrs24.experiments.settings_study import study
        >>> sweeps = study("paper")
        >>> sweep = sweeps["study-outside-leaky-memories-50"]
        >>> len(sweeps), sweep.scaling, sweep.interaction, sweep.n_memories
        (108, 'outside', 'leaky', 50)
    """
    _checks.one_of("profile", profile, tuple(PROFILES))
    base = {scaling: _base(scaling, profile) for scaling in (*ORIGINAL, *MODIFIED)}
    found = [
        replace(sweep, name=f"{sweep.name}-{name}", **settings)
        for sweep in base.values()
        for name, settings in FUNCTIONS.items()
    ]
    found += [
        replace(base["modified"], name=f"study-modified-{name}-recall-{scale}", recall_scale=scale, **settings)
        for name, settings in FUNCTIONS.items()
        if name not in HOMOGENEOUS
        for scale in ("one", "learning")
    ]
    for scaling in ("original", "outside", "outside-n", "modified"):
        leaky = replace(base[scaling], name=f"study-{scaling}-leaky", **FUNCTIONS["leaky"])
        found += [_varied(leaky, name) for name in VARIATIONS]
        if scaling != "modified":
            found.append(replace(leaky, name=f"{leaky.name}-recall-over-n", recall_scale="over-n"))
    polynomial = replace(base["modified"], name="study-modified-polynomial", **FUNCTIONS["polynomial"])
    found += [_varied(polynomial, name) for name in FEW_VARIATIONS]
    return {sweep.name: sweep for sweep in found}


def _base(scaling: str, profile: str) -> Sweep:
    """The base in one scaling; its F is set by the caller."""
    inverse_step, rate_step, repeats, epochs, vertices = PROFILES[profile]
    inverse = {
        "outside-normalised": WIDE_NORMALISED,
        "modified": NARROW,
        "inside": NARROW_WHOLE,
    }.get(scaling, WIDE)
    return Sweep(
        name=f"study-{scaling}",
        vertices=vertices,
        inverse_temperatures=inverse[::inverse_step],
        learning_rates=RATES[::rate_step],
        repeats=repeats,
        epochs=epochs,
        scaling=scaling,
        n_neurons=N,
        n_memories=N,
        n_states=20,
        initial="uniform",
        decay=0.999,
        momentum=0.0,
        error_exponent=1,
        floor=1e-30,
        order="asynchronous",
        tie="positive",
        recall_scale="text",
    )


def _varied(sweep: Sweep, name: str) -> Sweep:
    settings = dict(VARIATIONS[name])
    if "epochs" in settings:
        settings["epochs"] = round(settings["epochs"] * sweep.epochs)
    return replace(sweep, name=f"{sweep.name}-{name}", **settings)
