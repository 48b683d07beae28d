"""MRS24, section 4: the argument that the modification changes nothing."""

import math
from collections.abc import Callable

import torch

from damcompanion import probes
from damcompanion.errata import Erratum, Kind
from damcompanion.exact_networks import LAWS
from damcompanion.mrs24 import differences
from damcompanion.mrs24.errata.networks import UNCHECKED
from damcompanion.mrs24.proofs.homogeneity import difference_identity
from damcompanion.probes import ONE
from damcore.interactions import LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.network import energy_gap
from damcore.scaling import Scaling

HUNDRED = Scaling(1.0, divisor=100.0)  # overlaps divided by N = 100


def _signs():
    def count(*, signs_only: bool) -> int:
        return sum(difference_identity(law, 3, signs_only=signs_only).holds for law in LAWS.values())

    return {"printed": count(signs_only=False), "signs": count(signs_only=True), "laws": len(LAWS)}


def _stronger():
    network, kind = probes.unlearned(100, 20, 100), differences.LogPeriodic(100.0)
    return {
        "inverse": differences.rescaled(kind, *network, (ONE, HUNDRED)),
        "tenth": differences.rescaled(kind, *network, (ONE, Scaling(1.0, divisor=10.0))),
    }


def sides(right: Callable[[float, float], float] = lambda a, x: math.exp(a) * math.exp(x)) -> dict[str, float]:
    """Both sides of "e^(a x) = right(a, x)" at a = 1/N, x = N = 100; (e^x)^a is right."""
    return {"left": math.exp(0.01 * 100), "right": right(0.01, 100.0)}


def reversals(rate: Callable[[float], float] = math.log) -> dict[str, float]:
    """Signs that turn round at the factors 1/N and N, for a rate in the exponents; the factor itself is right."""
    return {
        name: differences.reversed_signs(rate(factor), factor) for name, factor in (("below", 0.01), ("above", 100.0))
    }


def followers(memories: int = 20) -> dict[str, float]:
    """Where an exponential network sends its neurons; one memory is safe."""
    with_memory, with_vote = differences.exponential_followers([1.0, 0.01], *probes.stored(100, memories, noise=0.1))
    return {"plain": with_memory[0].item(), "divided": with_memory[1].item(), "vote": with_vote[1].item()}


def _temperatures():
    memories, states = probes.unlearned(794, 20, 10)
    original, moved, same = (
        energy_gap(memories, states, Polynomial(5), scaling)
        for scaling in (Scaling.original(600.0, 5), Scaling.modified(600 / 794, 794), Scaling.modified(600.0, 794))
    )
    return {
        "error": ((moved - original) / original).abs().max().item(),
        "factor": (original / same).median().item(),
        "low": 794 / 700,
        "high": 794 / 500,
    }


def trainings(temperature: float = 8.0 / 16) -> dict[str, float]:
    """How far the original at T = 8 and the modified network part while training, N = 16; at T / N they do not."""
    network, scalings = probes.unlearned(16, 8, 4), (Scaling.original(8.0, 5), Scaling.modified(temperature, 16))
    kinds = {
        "polynomial": Polynomial(5),
        "rectified": RectifiedPolynomial(5),
        "leaky": LeakyRectifiedPolynomial(5),
    }
    return {name: differences.learned_apart(kind, *network, scalings, epochs=50) for name, kind in kinds.items()}


def _typeset():
    return {
        "power": differences.equivalent(100.0**-10, 10, 100),
        "product": differences.equivalent(1 / (100.0 * 10), 10, 100),
    }


def _outside():
    return {
        "power": differences.equivalent(100.0**-10, 10, 100),
        "outside": differences.equivalent(1 / 100.0, 10, 100),
    }


def _scales():
    noisy, kind = probes.stored(100, 100, noise=0.1), LeakyRectifiedPolynomial(20)
    found = {"leaky": kind, "polynomial": Polynomial(20)}
    scalings = HUNDRED, Scaling.modified(1 / 0.9, 100)
    return {name: differences.rescaled(kind, *noisy, scalings) for name, kind in found.items()}


def zeros(n: int = 100) -> dict[str, float]:
    """Gaps and gradients that are exactly zero, N = K = 100, by dtype; at small vertices none is."""
    found = {}
    for name, dtype in (("single", torch.float32), ("double", torch.float64)):
        noisy = {share: probes.stored(100, 100, noise=share / 100) for share in (10, 30, 40)}
        for share, network in noisy.items():
            found[f"{name}_{share}"] = differences.vanished_gaps(n, *(part.to(dtype) for part in network))
        new = (part.to(dtype) for part in probes.unlearned(100, 100, 20))
        found[f"{name}_gradient"] = differences.vanished_gradients(n, *new)
    return found


def _rounded():
    tied = [probes.stored(100, 30, seed=seed) for seed in range(20)]
    tied = [network for network in tied if (energy_gap(*network, Polynomial(2), ONE) == 0).any()]
    return {
        name: sum(differences.rounded_ties(*network, divisor=divisor) for network in tied) / len(tied)
        for name, divisor in (("hundred", 100.0), ("power", 128.0))
    }


def _leaky():
    kind, noisy = LeakyRectifiedPolynomial(20), probes.stored(100, 100, noise=0.1)
    return {
        "random": differences.rescaled(kind, *probes.unlearned(100, 100, 100), (ONE, HUNDRED)),
        "noisy": differences.rescaled(kind, *noisy, (ONE, HUNDRED)),
    }


ERRATA = (
    Erratum(
        key="mrs24-signs",
        where="before Eq. 9",
        says="What has to stay is “the sign of the difference”, as a formula $f(x) - f(y) = f(\\alpha x) - f(\\alpha "
        "y)$.",
        found="The formula lacks the signs that its sentence names.",
        kind=Kind.SLIP,
        here="signs",
        difference="As printed, {printed:.0f} of the {laws:.0f} functions $F$ satisfy it; in signs {signs:.0f} do. "
        "{{prf:ref}}`difference-identity`",
        measure=_signs,
        stands=lambda found: found["printed"] == 0 < found["signs"],
    ),
    Erratum(
        key="mrs24-stronger",
        where="4.1, 4.2, 6",
        says="Homogeneity is “slightly stronger than is required”.",
        found="For $\\alpha = 1/N$ alone it is. For every $\\alpha > 0$ and two memories or more it is needed, up to "
        "a constant: {prf:ref}`only-homogeneous`. The text asks for every $\\alpha$, and proposes $1/N$.",
        kind=Kind.OPEN,
        difference="$x^3 (1 + 0.05 \\sin(2 \\pi \\ln \\lvert x \\rvert / \\ln N))$ is not homogeneous. $N = 100$: the "
        "factor $1/N$ changes {inverse:.1%} of updates, the factor $1/10$ {tenth:.1%}.",
        measure=_stronger,
        stands=lambda found: found["inverse"] == 0 < found["tenth"],
    ),
    Erratum(
        key="mrs24-leaky",
        where="4.1.1, 6",
        says="Empirically the leaky function “still behaves well under our modifications”.",
        found="No experiment says that it used this function. The theorems leave it out.",
        kind=Kind.OPEN,
        here="{doc}`settings_study`",
        difference="Slope 0.01, $n = 20$, $N = K = 100$. The factor $1/N$ changes {random:.0%} of updates for random "
        "memories and states, and {noisy:.1%} for stored patterns with a tenth flipped.",
        measure=_leaky,
        stands=lambda found: found["random"] > 0.1,
    ),
    Erratum(
        key="mrs24-exponent",
        where="4.1.1",
        says="$e^{\\alpha x} = e^\\alpha e^x$.",
        found="It is $(e^x)^\\alpha$. {prf:ref}`exponent-identity` The conclusion, not homogeneous, is right.",
        kind=Kind.SUBSTANCE,
        difference="$\\alpha = 1/N$, $x = N = 100$: the left side is {left:.1f}, the right side {right:.0e}.",
        measure=sides,
        stands=lambda found: abs(found["left"] - found["right"]) > 1e-6 * found["left"],
    ),
    Erratum(
        key="mrs24-constant",
        where="4.1.1",
        says="“the constant $\\alpha$ does not have the form $\\alpha^k$”.",
        found="In the line before, the constant is $e^\\alpha$.",
        kind=Kind.SLIP,
    ),
    Erratum(
        key="mrs24-log-sign",
        where="4.1.1",
        says="$\\operatorname{sign}[\\alpha (e^x - e^y)]$ is $\\operatorname{sign}[e^{\\log(\\alpha) x} - "
        "e^{\\log(\\alpha) y}]$.",
        found="$\\alpha e^x$ is $e^{x + \\log \\alpha}$. For $\\alpha < 1$ the logarithm is negative and the sign "
        "turns round; the text proposes $1/N$. {prf:ref}`sign-step` What was to be shown of one pair is true "
        "nevertheless: $e^{\\alpha x}$ increases with $x$.",
        kind=Kind.SUBSTANCE,
        difference="Random pairs, reversed signs: {below:.0%} at $\\alpha = 1/N$, {above:.0%} at $\\alpha = N$.",
        measure=reversals,
        stands=lambda found: found["below"] > 0.99,
    ),
    Erratum(
        key="mrs24-exponential",
        where="4.1.1",
        says="An exponential network is “unchanged” by normalized scores. For this “we need only show” that the sign "
        "of one difference stays.",
        found="That is enough for one memory. An update is the sign of a sum over memories: "
        "{prf:ref}`exponential-ordering`. The factor is another temperature: {prf:ref}`exponential-temperature`.",
        kind=Kind.SUBSTANCE,
        difference="$N = 100$, $K = 20$, a tenth flipped: {plain:.0%} of neurons go with their memory, divided by "
        "$N$ {divided:.0%}. Where the memories have a majority, {vote:.0%} of the divided network's neurons go with "
        "it ({{doc}}`figure <proofs>`).",
        measure=followers,
        stands=lambda found: found["plain"] > 0.99 and found["divided"] < 0.9,
    ),
    Erratum(
        key="mrs24-rounded-ties",
        where="Theorem 4.2.1, Eq. 13",
        says="The factor $1/N$ leaves every update as it was.",
        found="That holds in exact arithmetic. In floating point $1/N$ rounds, and a tie becomes the sign of a "
        "rounding error. A power of two does not round.",
        kind=Kind.OPEN,
        here="as the text",
        difference="$n = 2$, $N = 100$, $K = 30$, a fifth flipped, draws with ties: {hundred:.0%} of probes end "
        "elsewhere when divided by 100, {power:.0%} when divided by 128.",
        measure=_rounded,
        stands=lambda found: found["hundred"] > 0.1 and found["power"] == 0,
    ),
    Erratum(
        key="mrs24-zero",
        where="4.2, 4.3",
        says="At worst a value is “exactly 0.0”, and computation continues “albeit with reduced accuracy”. Trained "
        "memories avoid it; another factor would help.",
        found="Near a memory this is right. Elsewhere a zero gap is a tie, and Eq. 3 sends the neuron to $+1$. Where "
        "the gradient is zero, training never starts.",
        kind=Kind.OPEN,
        here="a form in logarithms, {doc}`numerics`",
        difference="Exactly 0 in single precision, $N = K = n = 100$: {single_10:.0%} of gaps with a tenth flipped, "
        "{single_30:.0%} with 30%, {single_40:.0%} with 40%; and the gradients of {single_gradient:.0%} of new "
        "memories. In double: {double_10:.0%}, {double_30:.0%}, {double_40:.0%} and {double_gradient:.0%}.",
        measure=zeros,
        stands=lambda found: found["single_10"] == 0 and min(found["single_40"], found["single_gradient"]) > 0.5,
    ),
    Erratum(
        key="mrs24-adjusting",
        where="proofs of 4.2.1, 4.3.1",
        says="$\\alpha$ outside $F$ becomes $\\alpha'$ inside. $\\beta$ moves inside “up to adjusting the scaling "
        "factor”.",
        found="How is not said. It is $\\alpha' = \\alpha^{1/n}$, so $\\beta = T^{-n}$ asks for $1/T_m = N/T$. "
        "Eq. 8 and 14 use one letter $T$ for two temperatures.",
        kind=Kind.OPEN,
        here="{prf:ref}`one-network`",
        difference="$n = 5$, $N = 794$: with $T_m = T/N$ the brackets agree to {error:.0e}. With the same $T$ they "
        "differ by a factor of {factor:.0e}. KH16's $T$ of 500 to 700 is $1/T_m$ of {high:.2f} to {low:.2f}.",
        measure=_temperatures,
        stands=lambda found: found["error"] < 1e-8 and found["factor"] > 10,
    ),
    Erratum(
        key="mrs24-learning",
        where="1, Theorem 4.3.1, 5",
        says="Learning is unchanged, up to the scaling factor. Yet “normalizing the similarity scores” has “removed "
        "the dependence on the interaction vertex”, and the modifications “do appear to have emergent effects” in "
        "training.",
        found="For a homogeneous $F$ and $\\beta = T^{-n}$ the two statements exclude each other: $1/T_m = N/T$ has "
        "no $n$ in it, so both optima move with $n$ alike. What is gained is freedom from overflow and a temperature "
        "in units of $N$. Effects beyond that need something that the theorem leaves out: another $F$, another "
        "$\\beta$ such as $1/T$ outside $F$, or rounding.",
        kind=Kind.SUBSTANCE,
        here="{prf:ref}`learning-unchanged`",
        difference="$n = 5$, $N = 16$, original at $T = 8$, modified at $T/N$, 50 epochs (powers of two, so nothing "
        "is rounded). Largest difference of an entry: polynomial {polynomial:.0g}, rectified {rectified:.0g}, leaky "
        "{leaky:.1f}. At $N = 100$ the optimum of 5.1, $1/T = 0.01$, is $1/T_m = 1$.",
        measure=trainings,
        stands=lambda found: found["polynomial"] == found["rectified"] == 0 < 0.01 < found["leaky"],
    ),
    Erratum(
        key="mrs24-index",
        where="Theorem 4.3.1, Eq. 14",
        says="$\\xi_j^{(t)}$ stands inside the sum over states $a$.",
        found="It is $\\xi_{a,j}$, as in Eq. 8. A loss has no time step $(t)$; Eq. 8 has one, too.",
        kind=Kind.SLIP,
    ),
    Erratum(
        key="mrs24-typeset",
        where="4.3",
        says="KH16 suggests $\\beta = 1/Tn$. In section 3 it is $1/T^n$.",
        found="A slip of typesetting: the same paragraph says “remove the exponent”.",
        kind=Kind.SLIP,
        here="$T^{-n}$",
        difference="$N = T = 100$, $n = 10$: $T^{{-n}}$ is the modified network at $1/T_m =$ {power:.0f}, $1/(Tn)$ at "
        "{product:.0f}.",
        measure=_typeset,
        stands=lambda found: found["product"] > 2 * found["power"],
    ),
    Erratum(
        key="mrs24-beta-code",
        where="Eq. 8, 14",
        says="$\\beta = T^{-n}$ outside $F$, or $1/(NT)$ inside.",
        found="The public code went from $T^{-n}$ to $1/T$, and then into $F$. Its docstring did not follow."
        + UNCHECKED,
        kind=Kind.CODE,
        here="{doc}`settings_study` tries each",
        difference="$N = T = 100$, $n = 10$: $1/T$ outside is the modified network at $1/T_m =$ {outside:.0f}, "
        "$T^{{-n}}$ at {power:.0f}.",
        measure=_outside,
        stands=lambda found: found["outside"] > 2 * found["power"],
    ),
    Erratum(
        key="mrs24-two-scales",
        where="Eq. 13, 14",
        says="Recall has the factor $1/N$, learning $1/(NT)$.",
        found="These are one network for a homogeneous $F$ only: {prf:ref}`two-scales`. Whether the experiments "
        "recalled at $1/N$ is not said.",
        kind=Kind.OPEN,
        here="as the text, {doc}`an example <learning>`",
        difference="$n = 20$, $N = K = 100$, a tenth flipped, $1/T = 0.9$: {leaky:.0%} of updates differ for the "
        "leaky function, {polynomial:.0%} for the polynomial.",
        measure=_scales,
        stands=lambda found: found["leaky"] > 0.01 and found["polynomial"] == 0,
    ),
)
