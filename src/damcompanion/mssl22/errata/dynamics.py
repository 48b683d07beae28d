"""Section 4 and appendix A: energy and dynamics."""

import torch

from damcompanion import probes
from damcompanion.errata import Erratum, Kind
from damcompanion.mssl22 import differences


def _flow():
    return differences.gradient_flow(5)


def _part(*names):
    return lambda: {name: _flow()[name] for name in names}


def _slopes():
    scores = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)
    return {
        "softmax": differences.smallest_slope(lambda h: h.softmax(0), scores),
        "square": differences.smallest_slope(lambda h: h**2, scores),
        "identity": differences.smallest_slope(lambda h: h, scores),
    }


def _second_step():
    memories = probes.digits(100)
    asked = differences.half_masked(memories)
    return {name: differences.second_step(memories, asked, beta) for name, beta in (("one", 1.0), ("hundred", 100.0))}


def _runs_away():
    lengths = differences.hopfield_runs_away(probes.stored(100, 20)[0], steps=5)
    return {"first": lengths[0], "fifth": lengths[4]}


def _step():
    memories = probes.digits(50)
    asked = differences.noisy(memories, 0.5**0.5)
    found = {}
    for name, similarity, beta in (
        ("dot", lambda q: q @ memories.mT, 1.0),
        ("euclidean", lambda q: -torch.cdist(q, memories).square(), 1.0),
        ("manhattan", lambda q: -torch.cdist(q, memories, p=1.0), 1.0),
    ):
        found[name], found[f"{name}_direct"] = differences.step_of_the_dynamics(memories, asked, similarity, beta)
        found[f"{name}_rest"] = differences.end_of_the_dynamics(memories, asked, similarity, beta)
    return found


def _mixed():
    memories = probes.digits(5)[:, 300:312] + 0.1
    return {
        "plain": differences.mixed_slope(lambda q: memories @ q, 12),
        "normalised": differences.mixed_slope(lambda q: (memories @ q) / (memories @ q).sum(), 12),
    }


def _lagrangian():
    return {
        "square": differences.without_lagrangian(lambda x: x**2 / (x**2).sum(), 5),
        "softmax": differences.without_lagrangian(lambda x: x.softmax(0), 5),
        "plain": differences.without_lagrangian(lambda x: x**2, 5),
    }


ERRATA = (
    Erratum(
        key="mssl22-eq2",
        where="Eq. 2 against Eq. 3",
        says="The dynamics are $\\sum_j \\partial_{v_i} \\mathrm{sim}(M_{i,j}, v_i) f_i - v_i g'$ and $f'(h_i) "
        "[\\sum_j \\mathrm{sim}(M_{i,j}, v_i) - h_i]$, \u201cderived from the energy function\u201d.",
        found="From Eq. 3 follow $f_j$ and $M_{j,i}$ in the first, $v_j$ in the second, and $(v_i - I_i) g'$: the "
        "input $I$ was dropped.",
        kind=Kind.SLIP,
        difference="50 random draws with $f = h^2$ and $g = v + v^3$: as printed it is off by up to {printed:.1f} "
        "times the gradient; mended, by {mended:.0e}.",
        measure=_part("printed", "mended"),
        stands=lambda found: found["printed"] > 0.1 and found["mended"] < 1e-9,
    ),
    Erratum(
        key="mssl22-slope-not-zero",
        where="4, before Eq. 4",
        says="$f'(h) \\ne 0$ \u201cis true for all separation functions we consider in this paper except the max "
        "function\u201d.",
        found="It fails for $x^2$ and $x^n$ at 0, for the threshold of 3.2 almost everywhere, and for the softmax: "
        "its Jacobian is singular. For the softmax this is harmless, because only a constant in $h$ stays open.",
        kind=Kind.SUBSTANCE,
        difference="Smallest over largest singular value of the Jacobian at $h = (0, 1, 2)$: softmax {softmax:.0e}, "
        "square {square:.0f}, identity {identity:.0f}. A memory neuron with $h = 0$ never moves under the square.",
        measure=_slopes,
        stands=lambda found: found["softmax"] < 1e-12 and found["square"] == 0 and found["identity"] == 1,
    ),
    Erratum(
        key="mssl22-hessians-of",
        where="4, A",
        says="The energy falls if the \u201cHessian of the activation functions\u201d is positive definite.",
        found="Eq. 10 has the Hessians of the Lagrangians, which are the Jacobians of the activation functions.",
        kind=Kind.SLIP,
        difference="Words.",
    ),
    Erratum(
        key="mssl22-sum-in-eq5",
        where="Eq. 5",
        says="The energy has $\\log \\sum_j e^{\\mathrm{sim}(M_{i,j}, v_i)}$.",
        found="The exponent lacks its sum over values: $\\log \\sum_j e^{\\sum_i \\mathrm{sim}(M_{j,i}, v_i)}$. The "
        "line below has that sum, but lacks the sum over memories.",
        kind=Kind.SLIP,
        difference="Indices.",
    ),
    Erratum(
        key="mssl22-eq6-shapes",
        where="Eq. 6-7",
        says="$v^{t+1} = M \\sigma(M v^t)$.",
        found="$M^T \\sigma(M v^t)$, as appendix E has it.",
        kind=Kind.SLIP,
        difference="Shapes.",
    ),
    Erratum(
        key="mssl22-single-step",
        where="4, after Eq. 6",
        says="\u201cIt was proven\u201d elsewhere that the update \u201cconverges to a local minimum in a single "
        "step\u201d; \u201cequilibrium occurs after a single step\u201d.",
        found="One step comes close if the memories are well separated. It does not arrive in general, and Eq. 6 has "
        "no $\\beta$ to separate them.",
        kind=Kind.SUBSTANCE,
        difference="100 digits, upper half masked. The second step moves more than 1% of the first for {one:.0%} of "
        "queries by Eq. 6, for {hundred:.0%} at $\\beta = 100$.",
        measure=_second_step,
        stands=lambda found: found["one"] > 0.1 > found["hundred"],
    ),
    Erratum(
        key="mssl22-no-equilibrium",
        where="Eq. 8-9",
        says="The identity separation gives an energy and its \u201cequilibrium update rule\u201d, $v^{t+1} = M M^T "
        "v^t$. With \u201ca final normalizing sign function\u201d this is the Hopfield network.",
        found="This energy has no lower bound once an eigenvalue of $M^T M$ exceeds 1. There is no equilibrium: $v$ "
        "grows without end. Only the sign, which the energy does not have, stops it.",
        kind=Kind.SUBSTANCE,
        difference="20 random memories, $N = 100$: one step makes $v$ {first:.0f} times longer, five steps "
        "{fifth:.0e} times.",
        measure=_runs_away,
        stands=lambda found: found["fifth"] > 10 * found["first"] > 100,
    ),
    Erratum(
        key="mssl22-any-similarity",
        where="4, first and last paragraph",
        says="The dynamics can be \u201cspecialized to reproduce any of the associative memory models in the "
        "literature\u201d. There is an energy for \u201cany associative memory model that fits within our "
        "framework\u201d.",
        found="The dynamics project with $\\partial\\, \\mathrm{sim} / \\partial v$. That is $M$ for the dot product "
        "only. For the Euclidean distance it is $2 (M - v)$, for the Manhattan distance a matrix of signs. At rest "
        "on one memory, the first ends at $\\tfrac{2}{3} M$; the second ends at $M$, but not in one step. A "
        "different $P$ does not occur at all.",
        kind=Kind.SUBSTANCE,
        difference="50 noisy digits, softmax, squared error of Eq. 1, of one step and at rest: dot product "
        "{dot_direct:.0f}, {dot:.0f} and {dot_rest:.0f}; Euclidean {euclidean_direct:.1f}, {euclidean:.0f} and "
        "{euclidean_rest:.0f}; Manhattan {manhattan_direct:.1f}, {manhattan:.0f} and {manhattan_rest:.1f}.",
        measure=_step,
        stands=lambda found: (
            abs(found["dot"] - found["dot_direct"]) < 1e-6
            and all(found[name] > 10 * (found[f"{name}_direct"] + 0.1) for name in ("euclidean", "manhattan"))
            and found["euclidean_rest"] > 10 * (found["euclidean_direct"] + 0.1) > found["manhattan_rest"]
        ),
    ),
    Erratum(
        key="mssl22-separable",
        where="Eq. 3, 4 and 5 against E",
        says="An energy and dynamics with \u201conly local interactions\u201d (4), for \u201carbitrary similarity "
        "and separation functions\u201d (5).",
        found="Eq. 3 has scores that are sums over the values, $\\sum_j \\mathrm{sim}(M_{i,j}, v_j)$. The scores of "
        "appendix E, divided by their sum or reciprocals of distances, are none. With the whole score in place of "
        "the sum the energy still falls, but its interactions are no longer local.",
        kind=Kind.SUBSTANCE,
        difference="Largest mixed second derivative of the scores: {plain:.0f} for the dot product, {normalised:.2f} "
        "for the normalised one. A sum over values has 0.",
        measure=_mixed,
        stands=lambda found: found["plain"] == 0 and found["normalised"] > 1e-3,
    ),
    Erratum(
        key="mssl22-no-lagrangian",
        where="Eq. 3-4, 5, E",
        says="There is an energy for \u201carbitrary similarity and separation functions\u201d (5). It has an "
        "integral of the separation, $\\mathcal{L}_h = \\int dh\\, \\mathrm{sep}(h)$ (4).",
        found="A separation has such an integral only if its Jacobian is symmetric. Functions of one score each and "
        "the softmax have one. A polynomial that is divided by its sum, as in the experiments (E), has none.",
        kind=Kind.SUBSTANCE,
        difference="Asymmetry of the Jacobian over its largest entry: divided square {square:.2f}, softmax "
        "{softmax:.0f}, plain square {plain:.0f}.",
        measure=_lagrangian,
        stands=lambda found: found["square"] > 0.01 and found["softmax"] < 1e-12 and found["plain"] == 0,
    ),
    Erratum(
        key="mssl22-hessian-condition",
        where="A",
        says="By Eq. 10 the energy falls \u201cas long as the Hessians of the activation functions are positive "
        "definite\u201d. For elementwise functions this \u201crequires that the functions be monotonically "
        "increasing\u201d.",
        found="That the energy falls is true, and without any condition, because Eq. 2 is a gradient flow: $dE/dt = "
        "-\\tau_v \\sum_i \\dot v_i^2 - \\tau_h \\sum_i \\dot h_i^2$. Eq. 10 is not its $dE/dt$. It belongs to the "
        "dynamics of Krotov and Hopfield (2020), without $f'$ and $g'$. The softmax does not meet the condition: its "
        "Hessian is singular.",
        kind=Kind.SUBSTANCE,
        difference="The Hessian is indefinite in {indefinite:.0%} of 50 draws. The energy falls in {falls:.0%}. Eq. "
        "10 gives $dE/dt$ to 1% in {eq10:.0%}.",
        measure=_part("indefinite", "falls", "eq10"),
        stands=lambda found: found["indefinite"] > 0.5 and found["falls"] == 1 and found["eq10"] < 0.5,
    ),
    Erratum(
        key="mssl22-eq10-signs",
        where="Eq. 10",
        says="The last two lines are said to be equal.",
        found="They differ by a sign, and the minus stands before the first of two terms only. Brackets and the "
        "dynamics of the 2020 paper mend it.",
        kind=Kind.SLIP,
        difference="Equal only where both are 0.",
    ),
)
