"""What the public code does otherwise: BerenMillidge/Theory_Associative_Memory, commit f5e0f5e, as read in 2026.

The code itself is not part of this project: what is measured here is its formulas, written again.
"""

from damcompanion import probes
from damcompanion.errata import Erratum, Kind
from damcompanion.mssl22 import differences

CODE = "(BerenMillidge/Theory_Associative_Memory, commit f5e0f5e, as read in 2026.)"


def _max_for_softmax():
    memories = probes.digits(1000)
    asked = differences.half_masked(memories[:200])
    return {
        name: differences.retrieved(memories, asked, separation)
        for name, separation in (
            ("softmax", lambda x: (100 * x).softmax(1)),
            ("mean", lambda x: x**0),
            ("max", lambda x: (x == x.amax(1, keepdim=True)).double()),
        )
    }


def _noise():
    digits = probes.digits(100)
    return {
        "text": differences.noise_size(digits, 0.5**0.5, absolute=False),
        "code": differences.noise_size(digits, 0.5),
        "mixed": differences.noise_size(digits, 0.5**0.5),
    }


def _which_half():
    memories = probes.digits(1000)
    halves = {"upper": False, "lower": True}
    return {
        f"{name}_{similarity}": differences.own_first(
            differences.scores(memories, differences.half_masked(memories[:100], lower=lower), similarity)
        )
        for name, lower in halves.items()
        for similarity in ("dot", "manhattan")
    }


def _beta():
    digits = probes.digits(100)
    asked = differences.half_masked(digits)
    raw = asked @ differences.distributions(digits).mT
    once, thousand = (differences.distributions(beta * raw) for beta in (1.0, 1000.0))
    return {"apart": (once - thousand).abs().max().item()}


def _jensen_shannon():
    found = differences.jensen_shannon_as_coded(probes.digits(100))
    return {"coded": found["as coded"], "reciprocal": found["its reciprocal"]}


def _sixty():
    digits = probes.digits(1000)
    allowed = {"fifty": 50.0, "sixty": 60.0, "cifar": 60 * 784 / 3072, "tiny": 60 * 784 / 12288}
    means = {name: differences.accepted(digits, allowed[name])[0] for name in ("fifty", "sixty")}
    return means | {name: allowed[name] for name in ("cifar", "tiny")}


ERRATA = (
    Erratum(
        key="mssl22-code-noise",
        where="5.1, 5.3, C",
        says="Noise of *variance* $\\sigma$ is added, and the pixels are clipped to $[0, 1]$.",
        found="In the code $\\sigma$ is the standard deviation, and pixels become $\\mathrm{clamp}(\\lvert x + e "
        "\\rvert, 0, 1)$: negative values are reflected. " + CODE,
        kind=Kind.CODE,
        here="the text's",
        difference="Change of a pixel of a digit (root mean square) at 0.5: {text:.2f} by the text, {code:.2f} by the "
        "code's formula, {mixed:.2f} by the code's formula with the variance.",
        measure=_noise,
        stands=lambda found: len({round(value, 2) for value in found.values()}) == 3,
    ),
    Erratum(
        key="mssl22-code-half",
        where="5.3; Fig. 2",
        says="The *top* fraction of the picture is masked.",
        found="The code masks the bottom, unless told otherwise. " + CODE,
        kind=Kind.CODE,
        here="the top",
        difference="1,000 digits, own memory scores highest (dot product, Manhattan): top masked {upper_dot:.0%}, "
        "{upper_manhattan:.0%}; bottom masked {lower_dot:.0%}, {lower_manhattan:.0%}.",
        measure=_which_half,
        stands=lambda found: abs(found["upper_manhattan"] - found["lower_manhattan"]) > 0.05,
    ),
    Erratum(
        key="mssl22-code-max",
        where="Fig. 2, 4, 7, 8",
        says="A softmax separation was used; $\\beta = 100$ in Fig. 2.",
        found="The calls in the code use max. With a softmax at $\\beta = 100$ little but the mean of all memories "
        "comes out, because the scores sum to 1. " + CODE,
        kind=Kind.CODE,
        here="both",
        difference="1,000 digits, upper half masked, dot product, squared error below 50: softmax {softmax:.0%}, the "
        "mean of all memories {mean:.0%}, max {max:.0%}.",
        measure=_max_for_softmax,
        stands=lambda found: found["softmax"] - found["mean"] < (found["max"] - found["mean"]) / 2,
    ),
    Erratum(
        key="mssl22-code-beta",
        where="Table 3, E",
        says="$\\beta$ multiplies the scores within the softmax.",
        found="In the code `beta` multiplies the scores before they are divided by their sum, and cancels. The "
        "softmax has a parameter of its own. " + CODE,
        kind=Kind.CODE,
        here="within the softmax",
        difference="Largest change of a score from `beta` 1 to 1000, by the code's formula: {apart:.0e}.",
        measure=_beta,
        stands=lambda found: found["apart"] < 1e-12,
    ),
    Erratum(
        key="mssl22-code-jensen-shannon",
        where="Table 2",
        says="Jensen-Shannon is a sum of two divergences, turned into a similarity by a reciprocal (E).",
        found="The code has $1 / (\\tfrac{1}{2} / KL + \\tfrac{1}{2} / KL')$: a harmonic mean of two distances, used "
        "as a similarity. " + CODE,
        kind=Kind.CODE,
        difference="100 digits, upper half masked: the own memory scores highest for {coded:.0%} by the code's "
        "formula, for {reciprocal:.0%} by its reciprocal.",
        measure=_jensen_shannon,
        stands=lambda found: found["coded"] < 0.05 and found["reciprocal"] > 0.5,
    ),
    Erratum(
        key="mssl22-code-kl-names",
        where="Table 2",
        says="KL weighs the logarithm by the query $q$, reverse KL by the memory $M$.",
        found="The code has it the other way round, so the two curves of its figures bear each other's names. " + CODE,
        kind=Kind.CODE,
        here="the text's",
        difference="Curves of Fig. 2 and 4.",
    ),
    Erratum(
        key="mssl22-code-threshold",
        where="E, G",
        says="The threshold is 50, for all data sets.",
        found="The code has 60, and in the capacity plots, on demand, 60 times 784 over the number of pixels. " + CODE,
        kind=Kind.CODE,
        here="50",
        difference="Of 1,000 digits, {fifty:.0%} are within 50 and {sixty:.0%} within 60 of the mean picture. "
        "Rescaled: {cifar:.1f} for CIFAR10, {tiny:.1f} for Tiny ImageNet.",
        measure=_sixty,
        stands=lambda found: found["sixty"] > found["fifty"] + 0.05,
    ),
    Erratum(
        key="mssl22-code-fig3",
        where="Fig. 3",
        says="The similarity is the dot product, the softmax has $\\beta = 1$.",
        found="The call in the code uses the Manhattan distance and, for the softmax, the parameter 1000. " + CODE,
        kind=Kind.CODE,
        difference="Not computed: both are settings of one function.",
    ),
    Erratum(
        key="mssl22-code-fig5",
        where="Fig. 5",
        says="The classical network (identity separation) occasionally \u201cmisreconstructs an image\u201d.",
        found="The code calls it with a softmax of parameter 100,000 and five memories. That is no classical "
        "network. " + CODE,
        kind=Kind.CODE,
        difference="Pictures only.",
    ),
    Erratum(
        key="mssl22-code-fig6",
        where="Fig. 6",
        says="Noise of variance 0.5 for the continuous network; for the classical one the query is the top half.",
        found="The code has a deviation of 0.3 and max. For the classical network it adds noise of $10^{-7}$ and "
        "masks nothing: the query is the memory. " + CODE,
        kind=Kind.CODE,
        difference="The classical network is asked for a pattern that it is given.",
    ),
    Erratum(
        key="mssl22-code-fig7",
        where="Fig. 7",
        says="Reconstructions under noise.",
        found="The call in the code passes noise levels to the function that masks. " + CODE,
        kind=Kind.CODE,
        difference="Pictures only.",
    ),
    Erratum(
        key="mssl22-code-fig10",
        where="G, Fig. 10",
        says="The error is the sum of squared differences of pixels.",
        found="For Fig. 10 the code first divides both pictures by their mean. " + CODE,
        kind=Kind.CODE,
        difference="Thresholds in Fig. 10 are not those of the other figures.",
    ),
    Erratum(
        key="mssl22-code-runs",
        where="Fig. 2-4, 6, 14",
        says="Ten runs.",
        found="The code has five. " + CODE,
        kind=Kind.CODE,
        difference="Wider bands for the mean.",
    ),
    Erratum(
        key="mssl22-code-transformers",
        where="Code availability; F",
        says="\u201cCode to reproduce all the experiments and figures\u201d is public.",
        found="There is no transformer code in the repository or its history. " + CODE,
        kind=Kind.CODE,
        difference="Fig. 9 cannot be repeated from the code.",
    ),
)
