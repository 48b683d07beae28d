"""MRS24, sections 1 to 3: what is known, the networks, and floating point numbers."""

import math
from statistics import mean

import torch

from damcompanion import probes
from damcompanion.errata import Erratum, Kind
from damcompanion.mrs24 import differences
from damcore.capacity import max_memories
from damcore.interactions import Polynomial
from damcore.numerics import first_overflow
from damcore.scaling import Scaling

UNCHECKED = " (Public code, as read in 2026, not checked here.)"


def _capacity():
    found = {"one": max_memories(100, 2), "every": max_memories(100, 2) / 2}
    for memories in (14, 11, 5):
        found[f"lost_{memories}"], found[f"intact_{memories}"] = differences.intact(100, memories, networks=400)
    return found


def _feed_forward():
    plain = Scaling(1.0)
    found = {"network": lambda n: (Polynomial(n), plain), "dual": lambda n: (Polynomial(n - 1), plain)}
    return {name: first_overflow(torch.float32, "F", network, 784.0) or math.inf for name, network in found.items()}


def _self_coupling():
    noisy, dense = differences.self_coupling(*probes.stored(100, 20, noise=0.1))
    unrelated, _ = differences.self_coupling(*probes.stored(100, 20, noise=0.5))
    return {"noisy": noisy, "unrelated": unrelated, "dense": dense}


def _ties():
    found = {}
    for memories in (20, 30):
        rows = [differences.tie_rule(Polynomial(2), *probes.stored(100, memories, seed=k)) for k in range(40)]
        ends = [elsewhere for zero, elsewhere in rows if zero]
        found |= {f"drawn_{memories}": len(ends) / len(rows), f"ends_{memories}": mean(ends)}
    odd = [differences.tie_rule(Polynomial(3), *probes.stored(100, 30, seed=k))[1] for k in range(10)]
    return found | {"odd": mean(odd)}


def _order():
    found = {}
    for n in (2, 3):
        rows = [differences.update_order(Polynomial(n), *probes.stored(100, 20, seed=k)) for k in range(20)]
        found |= {f"ends_{n}": mean(row[0] for row in rows), f"cycle_{n}": mean(row[1] for row in rows)}
    return found


def slopes(slope: float = 0.01) -> dict[str, float]:
    """The numbers of Eq. 7, at any slope: at 0 there is nothing to disagree about."""
    random = probes.unlearned(100, 100, 100)
    noisy = {share: probes.stored(100, 100, noise=share / 100) for share in (0, 10, 20)}
    found = {f"random_{n}": differences.slope_sign(n, slope, *random, divisor=100.0) for n in (2, 5, 20)}
    found |= {f"noise_{share}": differences.slope_sign(20, slope, *noisy[share], divisor=100.0) for share in noisy}
    return found | {"plain": differences.slope_sign(20, slope, *random, divisor=1.0)}


def _binary():
    def size(memories, states):
        return (states @ memories.mT).square().mean().sqrt().item()

    return {
        "real": size(*probes.unlearned(100, 400, 400)),
        "binary": size(*probes.stored(100, 400, noise=0.5)),
    }


def broken(dtype: torch.dtype = torch.float64) -> dict[str, float]:
    """Where a dtype breaks: the first vertex at N = 10^4, also in units of 30, and N in units of 10^4 at vertex 30."""
    vertex = first_overflow(dtype, "F", lambda n: (Polynomial(n), Scaling(1.0)), 1e4)
    vertex = vertex or math.inf
    return {"vertex": vertex, "more": vertex / 30, "times": torch.finfo(dtype).max ** (1 / 30) / 1e4}


def _precision():
    def spacing(value: float) -> float:
        at = torch.tensor(value)
        return ((at.nextafter(torch.tensor(math.inf)) - at) / at).item()

    network = probes.unlearned(100, 100, 50)
    found = {"one": spacing(1.0), "large": spacing(1e38), "small": spacing(1e-43)}
    return found | {
        "plain": differences.rounding(15, *network, divisor=1.0),
        "divided": differences.rounding(15, *network, divisor=100.0),
    }


ERRATA = (
    Erratum(
        key="mrs24-capacity",
        where="1",
        says="About $0.14 N$ states can be stored “without error”, citing McEliece et al. and Hertz.",
        found="$0.14 N$ tolerates a few wrong neurons in each pattern. Without errors it is, for large $N$, $N / (2 "
        "\\ln N)$ for one given pattern and $N / (4 \\ln N)$ for all of them together.",
        kind=Kind.SUBSTANCE,
        difference="$N = 100$, one update. At $K = 14$, {lost_14:.0%} of the patterns lose a neuron, and in "
        "{intact_14:.0%} of the networks none does. $N / (2 \\ln N) = {one:.1f}$; at $K = 11$: {lost_11:.1%} and "
        "{intact_11:.0%}. $N / (4 \\ln N) = {every:.1f}$; at $K = 5$: {lost_5:.1%} and {intact_5:.0%}.",
        measure=_capacity,
        stands=lambda found: found["lost_14"] > 0.1 and found["intact_14"] < 0.5 < 0.95 < found["intact_5"],
    ),
    Erratum(
        key="mrs24-softmax",
        where="2",
        says="Of its modifications, Ramsauer et al. apply only the normalized scores.",
        found="Their update is a softmax of $\\beta$ times the scores. So $\\beta$ is inside the exponential from "
        "the start: there is nothing to shift.",
        kind=Kind.SUBSTANCE,
        quote="the remainder of our modifications are not applied (e.g. shifting scaling factors inside the "
        "interaction function)",
    ),
    Erratum(
        key="mrs24-feed-forward",
        where="2, 5.3",
        says="The feed-forward form “implicitly implements our proposed changes by selecting values of the scaling "
        "factor that negate terms arising from a Taylor expansion”. In 5.3 the authors only “suspect” this, and name "
        "what is meant: $\\beta$ normalized by $N$.",
        found="The constants of Taylor's first order are 2 and $n$, not $N$. In KH16's supplement the feed-forward "
        "form has $\\beta = T^{-n}$ outside $f_n$, and no $N$. So it overflows almost as early.",
        kind=Kind.SUBSTANCE,
        difference="Single precision, $N = 784$ pixels: $F_n$ overflows from $n = {network:.0f}$ on, the feed-forward "
        "$f_{{n-1}}$ from $n = {dual:.0f}$ on. KH16 uses 20 and 30.",
        measure=_feed_forward,
        stands=lambda found: found["network"] <= found["dual"] <= 20,
    ),
    Erratum(
        key="mrs24-self-coupling",
        where="Eq. 1-2, after Eq. 7",
        says="Eq. 1 has no $i \\ne j$, and Eq. 2 sums over all $j$. The polynomial of vertex 2 recovers this network.",
        found="With $W_{ii} = K$ each neuron is pulled towards its present state. Vertex 2 is the network with "
        "$W_{ii} = 0$, as the $j \\ne i$ of Eq. 4 shows.",
        kind=Kind.SLIP,
        here="$W_{ii} = 0$, {py:func}`hebb <damcore.hopfield.hebb>`",
        difference="$N = 100$, $K = 20$: {noisy:.1%} of updates differ on patterns with a tenth flipped, "
        "{unrelated:.1%} on random states. With $W_{{ii}} = 0$ it is the polynomial of vertex 2: {dense:.1%} differ.",
        measure=_self_coupling,
        stands=lambda found: found["noisy"] > 0.01 and found["dense"] == 0,
    ),
    Erratum(
        key="mrs24-energy-sign",
        where="before Eq. 2",
        says="The update is “the sign of the energy function”.",
        found="It is the sign of the local field, as Eq. 2 has it. The energy is one number for all neurons.",
        kind=Kind.SLIP,
    ),
    Erratum(
        key="mrs24-ties",
        where="Eq. 3",
        says="$\\operatorname{sign}(0) = +1$.",
        found="Versions of the public code send 0 to $+1$, to $-1$, or leave 0, which is no state." + UNCHECKED,
        kind=Kind.CODE,
        here='`tie="positive"`, the others on demand',
        difference="$-1$ instead of $+1$, $N = 100$, a fifth flipped, 40 draws. $n = 2$: for even $K$ only about half "
        "of the draws have ties at all. $K = 20$: {drawn_20:.0%} of draws, and in these {ends_20:.0%} of probes end "
        "elsewhere. $K = 30$: {drawn_30:.0%} and {ends_30:.0%}. $n = 3$, $K = 30$: {odd:.0%} end elsewhere.",
        measure=_ties,
        stands=lambda found: min(found["ends_20"], found["ends_30"]) > 0.1,
    ),
    Erratum(
        key="mrs24-order",
        where="Eq. 2, 4, 5.3",
        says="Eq. 2 moves the neurons “asynchronously”. Of Eq. 4, 5.3 says that “all neurons are updated at each "
        "step”, until the state is stable.",
        found="At once, or one after the other within a step? Both fit the words. At once, a state can end in a cycle "
        "and is never stable. The public code moves all at once." + UNCHECKED,
        kind=Kind.OPEN,
        here='asynchronous; `order="synchronous"` on demand',
        difference="$N = 100$, $K = 20$, a fifth flipped, 20 draws. $n = 2$: {ends_2:.0%} of probes end elsewhere, "
        "and {cycle_2:.0%} in a cycle. $n = 3$: {ends_3:.0%} and {cycle_3:.0%}.",
        measure=_order,
        stands=lambda found: found["ends_2"] > 0.1 and found["cycle_2"] > 0,
    ),
    Erratum(
        key="mrs24-slope",
        where="Eq. 7",
        says="The leaky function is $-\\epsilon x$ below zero.",
        found="The public code has $+\\epsilon x$, which increases. The printed function falls and then rises."
        + UNCHECKED,
        kind=Kind.CODE,
        here="both, by the sign of `slope`",
        difference="$\\epsilon = 0.01$, overlaps divided by $N = 100$. Random memories and states: {random_2:.0%} of "
        "updates differ at $n = 2$, {random_5:.0%} at $n = 5$, {random_20:.0%} at $n = 20$. 100 stored patterns, $n = "
        "20$: {noise_0:.1%}; a tenth flipped {noise_10:.1%}; a fifth flipped {noise_20:.0%}. Not divided: {plain:.0%}.",
        measure=slopes,
        stands=lambda found: found["random_20"] > 0.9 and found["noise_20"] > 0.5 > 0.01 > found["noise_0"],
    ),
    Erratum(
        key="mrs24-binary",
        where="3",
        says="The similarity score is “effectively the dot product between two binary vectors”.",
        found="Memories need not be binary: the same section has them between $-1$ and $1$. The bound $N$ holds "
        "nevertheless.",
        kind=Kind.SLIP,
        difference="Score of a random state, root mean square at $N = 100$: {real:.1f} for memories uniform in $[-1, "
        "1]$, {binary:.1f} for binary ones.",
        measure=_binary,
        stands=lambda found: found["real"] < 0.7 * found["binary"],
    ),
    Erratum(
        key="mrs24-doubles",
        where="3",
        says="$N = 10^4$ and $n = 30$ give $10^{120}$, too much for a float; little more would break a double.",
        found="A double holds up to $10^{308}$. Whether the vertex that breaks it is “considerably” larger is a "
        "question of words. Whether the number of neurons is, is not.",
        kind=Kind.SUBSTANCE,
        quote="it would not require increasing the network dimension or interaction vertex considerably to break a "
        "double either",
        difference="At $N = 10^4$ a double breaks from $n = {vertex:.0f}$ on, {more:.1f} times the vertex. At $n = "
        "30$ it takes {times:,.0f} times the neurons.",
        measure=broken,
        stands=lambda found: found["vertex"] > 60 and found["times"] > 1000,
    ),
    Erratum(
        key="mrs24-precision",
        where="3",
        says="Precision “decreases as we approach the limits”. The modification scales a value “before any "
        "imprecision is introduced”.",
        found="In absolute terms this is so: the spacing of floats grows with the number. Relative to the number it "
        "does not grow. An update depends on relative precision, which is lost near zero only. Dividing by $N$ "
        "prevents overflow, but does not make the gaps more precise.",
        kind=Kind.SUBSTANCE,
        difference="Spacing over value in single precision: {one:.0e} at 1, {large:.0e} at $10^{{38}}$, {small:.0e} "
        "at $10^{{-43}}$. Median relative error of a gap, $N = 100$, $n = 15$: {plain:.1e} as in Eq. 4, {divided:.1e} "
        "divided by $N$.",
        measure=_precision,
        stands=lambda found: (
            found["large"] < 2 * found["one"] < found["small"] and found["divided"] > 0.5 * found["plain"]
        ),
    ),
    Erratum(
        key="mrs24-energy-of-sum",
        where="public code, `energy`",
        says="Eq. 4 sums $F$ over the memories, as KH16's energy does.",
        found="The public code's energy is $-F$ of the *sum* over memories." + UNCHECKED,
        kind=Kind.CODE,
        here="the sum of $F$, {py:func}`energy <damcore.network.energy>`",
        difference="$n = 3$, $N = 100$, $K = 20$, a fifth flipped: {ranked:.0%} of single flips rank the other way.",
        measure=lambda: {"ranked": differences.energy_of_the_sum(Polynomial(3), *probes.stored(100, 20))},
        stands=lambda found: found["ranked"] > 0.1,
    ),
)
