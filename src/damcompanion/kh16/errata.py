"""Errata of Krotov and Hopfield (2016), supplement, in the order of the text.

Only the supplement was read, so "the text" is its appendices A and B. Its public code is the notebook in
DimaKrotov/Dense_Associative_Memory, commit e8f9461, as read in 2026.
"""

from fractions import Fraction
from statistics import NormalDist

import torch

from damcompanion.errata import Erratum, Kind
from damcompanion.kh16 import differences
from damcore.capacity import error_probability, max_memories, noise_variance

FIVES = 5421  # digits of the rarest class among MNIST's 60,000


def _initial():
    """Share of weights of N(-0.3, .) that begin outside [-1, 1]."""
    outside = [1 - NormalDist(-0.3, s).cdf(1) + NormalDist(-0.3, s).cdf(-1) for s in (0.3, 0.3**0.5)]
    return {"deviation": outside[0], "variance": outside[1]}


def _balanced():
    batches = FIVES // 100
    return {"batches": batches, "unused": 1 - batches / 60, "again": 6000 - FIVES}


def _zero_step():
    """Largest error of an output for which (c - t)^59 is 0."""
    found = {}
    for name, dtype in (("narrow", torch.float32), ("wide", torch.float64)):
        errors = torch.logspace(-8, 0, 4001, dtype=torch.float64)
        found[name] = errors[errors.to(dtype) ** 59 == 0].max().item()
    return found


def _precision():
    found = {}
    for name, dtype in (("narrow", torch.float32), ("wide", torch.float64)):
        found[name] = (torch.tensor(540.0, dtype=dtype) ** -20 * torch.tensor(794.0, dtype=dtype) ** 20).item()
    return found


def _which_power():
    """Argument of g from one memory whose overlap is T: tanh of the bracket of x^20, or of the activation f_20."""
    bracket = float(differences.bracket_over_dual(20, 540, 0)) / 540
    return {"energy": bracket, "activation": 1.0, "temperature": (1 / bracket) ** (1 / 20)}


def _dual_beta():
    return {"plain": 2 * 20, "others": float(differences.bracket_over_dual(20, 540, 9)) / 40}


def _closest():
    found = {}
    for name, n, rectified in (("four", 4, False), ("five", 5, False), ("six", 6, False), ("rectified", 6, True)):
        signed, either = differences.converged(n, 100, 2000, rectified=rectified, states=100)
        found[name], found[f"{name}_either"] = signed.item(), either.item()
    del found["five_either"], found["rectified_either"]
    return found


def _two_capacities():
    memories = round(max_memories(100, 3))
    ends, _ = differences.converged(3, 100, memories, rectified=False, states=100, networks=4)
    half = differences.half_converge(3, 50, rectified=False)
    return {
        "memories": memories,
        "lost": error_probability(100, 3, memories),
        "fail": 1 - ends.mean().item(),
        "ratio": half / max_memories(50, 3),
    }


def _one_set():
    ends, _ = differences.converged(3, 50, 124, rectified=False, states=200, networks=20)
    return {"least": ends.min().item(), "most": ends.max().item()}


def _rectified():
    half = {name: differences.half_converge(3, 50, rectified=name == "rectified") for name in ("power", "rectified")}
    variance = [Fraction(noise_variance(100, 3, rectified)) for rectified in (True, False)]
    return half | {
        "growth": half["rectified"] / half["power"],
        "variance": str(variance[0] / variance[1]),
        "error": error_probability(100, 3, 500),
        "doubled": error_probability(100, 3, 1000, rectified=True),
    }


#: The errata, in the order of the text.
ERRATA = (
    Erratum(
        key="kh16-initial-weights",
        where="A, first paragraph",
        says="The initial weights are drawn from $N(-0.3, 0.3)$.",
        found="Is 0.3 the variance or the standard deviation? The public notebook takes the deviation.",
        kind=Kind.OPEN,
        here="the deviation",
        difference="With the deviation, {deviation:.1%} of weights begin outside $[-1, 1]$; with the variance, "
        "{variance:.1%}.",
        measure=_initial,
        stands=lambda found: found["variance"] > 5 * found["deviation"],
    ),
    Erratum(
        key="kh16-balanced-batches",
        where="A, first paragraph",
        says="Each minibatch has 100 digits of each class. The training set has 60,000 digits.",
        found="The classes of MNIST have between 5,421 and 6,742 digits. The text does not define an epoch.",
        kind=Kind.OPEN,
        here="batches in random order, of any class",
        difference="Without repeats an epoch has {batches} batches and leaves {unused:.0%} of the digits out. With 60 "
        "batches, {again} fives come twice.",
        measure=_balanced,
        stands=lambda found: found["batches"] < 60 and found["again"] > 0,
    ),
    Erratum(
        key="kh16-two-letters",
        where="Eq. 12-14 and the matrices U, V",
        says="$V$ is the momentum in Eq. 13, and $t$ the number of the update.",
        found="$V$ is also the matrix of the minibatch. $t$ is also the epoch (Eq. 12) and, with an index, the target "
        "(Eq. 14).",
        kind=Kind.SLIP,
        difference="None. Each use is defined where it stands.",
    ),
    Erratum(
        key="kh16-zero-step",
        where="Eq. 13",
        says="Each memory's step is divided by its largest component.",
        found="The text does not say what happens when all components are 0. The public notebook has a floor of "
        "$10^{-30}$.",
        kind=Kind.OPEN,
        here="the floor",
        difference="With $m = 30$, $(c - t)^{{59}}$ is exactly 0 once every output is within {narrow:.2f} of its "
        "target (float32; float64: {wide:.1g}). Without momentum the step is then 0/0.",
        measure=_zero_step,
        stands=lambda found: found["narrow"] > 0.01 > found["wide"] > 0,
    ),
    Erratum(
        key="kh16-beta-in-neurons",
        where="A, after Eq. 13",
        says="The \u201ceffective temperature\u201d $\\beta = 1/T^n$ is measured in neurons.",
        found="$T$ is measured in neurons. $\\beta$ is an inverse temperature, in neurons$^{-n}$.",
        kind=Kind.SLIP,
        here="$T$",
        difference="None. The ranges that follow are ranges of $T$.",
    ),
    Erratum(
        key="kh16-precision",
        where="A, after Eq. 13, and the update with $F_n$",
        says="$\\beta = 1/T^n$ multiplies a sum of $F_n$. Training runs well on a GPU.",
        found="The precision is not given. In single precision the product does not exist at the text's own $n = 20$.",
        kind=Kind.OPEN,
        here="$F(h / T)$, or logarithms",
        difference="$540^{{-20}} \\cdot 794^{{20}}$ is not a number ({narrow:.0f}) in float32, and {wide:.0f} in "
        "float64.",
        measure=_precision,
        stands=lambda found: found["narrow"] != found["narrow"] and 0 < found["wide"] < 1e6,
    ),
    Erratum(
        key="kh16-which-power",
        where="A, dual, with its footnote 3",
        says="The range of $T$ is given for \u201clarge $n$\u201d. The dual has an activation of power $n$. The "
        "footnote says that an energy of power $n$ is dual to an activation of power $n - 1$.",
        found="So $n$ is the power of the energy in one description, of the activation in the other. The text does "
        "not say which one the range of $T$ belongs to. The public notebook takes the energy.",
        kind=Kind.OPEN,
        here="the energy",
        difference="A memory with overlap $T = 540$ puts {energy:.3f} into $g$ at energy power 20, and "
        "{activation:.0f} at activation power 20. That is a factor {temperature:.2f} in $T$.",
        measure=_which_power,
        stands=lambda found: found["activation"] > 10 * found["energy"],
    ),
    Erratum(
        key="kh16-dual-beta",
        where="A, dual",
        says="Both descriptions have the same $\\beta$. They are \u201crelated by the duality\u201d.",
        found="Duality is the first order of the bracket, $2 n \\xi_\\alpha F_{n-1}$. The dual's $\\beta$ has taken "
        "up $2n$. The dual also drops the other class neurons, which the bracket keeps.",
        kind=Kind.OPEN,
        here="the bracket",
        difference="$n = 20$, overlap 540: a factor {plain} in $\\beta$; nine class weights of $-1$ make it "
        "{others:.2f} times larger still.",
        measure=_dual_beta,
        stands=lambda found: found["others"] > 1.1,
    ),
    Erratum(
        key="kh16-closest-memory",
        where="B, Fig. 4",
        says="Recovery is measured by $\\max_\\mu \\sum_i \\xi_i^\\mu \\sigma_i$. For $n = 4$ its distribution "
        "\u201csharply peaks at perfect recovery\u201d. \u201cFor $n \\ge 5$ all 10000 samples converge to one of "
        "the memories\u201d; \u201cQualitatively\u201d, for power and rectified models alike.",
        found="True of rectified polynomials, and of odd powers. For even $n$ the power energy is the same for "
        "$\\sigma$ and $-\\sigma$. Half of the states end at minus a memory, which this maximum misses. With "
        "$\\lvert \\cdot \\rvert$ it is true of these, too.",
        kind=Kind.SUBSTANCE,
        here="both are counted, and named apart",
        difference="$N = 100$, $K = 2000$, 100 states, $n = 6$: {six:.0%} reach $N$, {six_either:.0%} with the "
        "absolute value. $n = 4$: {four:.0%} and {four_either:.0%}. $n = 5$: {five:.0%}. Rectified, $n = 6$: "
        "{rectified:.0%} reach $N$.",
        measure=_closest,
        stands=lambda found: found["six"] < 0.7 and min(found[k] for k in ("six_either", "five", "rectified")) > 0.99,
    ),
    Erratum(
        key="kh16-two-capacities",
        where="B, Fig. 5 and Eq. 6",
        says="$K_{1/2}$ of the power energy is \u201cconsistent with the theoretical calculation (6)\u201d.",
        found="The numbers are close. They count two things: Eq. 6 counts stored patterns that stay as they are, "
        "$K_{1/2}$ counts random states that end in a memory. No argument links them.",
        kind=Kind.OPEN,
        difference="$N = 100$, $n = 3$, $K = {memories}$ by Eq. 6: a stored neuron changes with probability "
        "{lost:.2%} (exact law), and {fail:.0%} of random states miss every memory. At $N = 50$, $K_{{1/2}}$ is "
        "{ratio:.2f} times Eq. 6.",
        measure=_two_capacities,
        stands=lambda found: found["fail"] > 0.2 > 0.01 > found["lost"],
    ),
    Erratum(
        key="kh16-one-set",
        where="B, Fig. 5",
        says="For each $N$ and $K$ one set of memories was made, with 1000 initial states.",
        found="At small $N$ the share depends on the set. The text gives no interval for $K_{1/2}$.",
        kind=Kind.OPEN,
        difference="$N = 50$, $K = 124$, $n = 3$: in 20 sets, {least:.0%} to {most:.0%} of the states end in a "
        "memory.",
        measure=_one_set,
        stands=lambda found: found["least"] < 0.4 and found["most"] > 0.6,
    ),
    Erratum(
        key="kh16-rectified-capacity",
        where="B, last paragraph",
        says="$K_{1/2}$ of the rectified polynomials is \u201ca little bit above the theoretical curve\u201d, Eq. 6.",
        found="$K_{1/2}$ supports this. But Eq. 6 is the theory of the power energy. The same calculation gives the "
        "rectified polynomial twice Eq. 6, because half of the noise terms vanish.",
        kind=Kind.OPEN,
        difference="Variance of the noise, rectified over power, $N = 100$, $n = 3$: exactly {variance}. Exact error "
        "of one update: {error:.3%} at $K = 500$; rectified {doubled:.3%} at $K = 1000$. $K_{{1/2}}$ at $N = 50$: "
        "{power:.0f} and {rectified:.0f}, only {growth:.1f} times.",
        measure=_rectified,
        stands=lambda found: found["variance"] == "1/2" and 1.1 < found["growth"] < 1.7,
    ),
    Erratum(
        key="kh16-notebook",
        where="A against the public notebook",
        says="$K = 2000$ memories, 3000 epochs, 100 digits of each class in a batch.",
        found="The notebook has $K = 100$, 300 epochs and random batches. It calls itself an example. "
        "(DimaKrotov/Dense_Associative_Memory, commit e8f9461, as read in 2026.)",
        kind=Kind.CODE,
        difference="No public code or training time for $K = 2000$.",
    ),
)  # fmt: skip
