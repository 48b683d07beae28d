"""Appendices D and E: similarity and separation functions."""

import torch

from damcompanion import probes
from damcompanion.errata import Erratum, Kind
from damcompanion.mssl22 import differences


def _digits():
    digits = probes.digits(100)
    return digits, differences.half_masked(digits)


def _softmax_sign():
    found = differences.softmax_direction(probes.digits(100), beta=100)
    return {"plus": found["e^(beta s)"], "minus": found["e^(-beta s)"]}


def _exact_match():
    digits = probes.digits(100)
    return {"lost": probes.share(differences.scores(digits, digits, "manhattan").isnan().any(1))}


def _squared():
    digits, asked = _digits()
    scores = {name: differences.scores(digits, asked, name) for name in ("root", "euclidean")}
    largest = {name: (score.amax(1).mean() * len(digits)).item() for name, score in scores.items()}
    return largest | {"same": probes.share(scores["root"].argmax(1) == scores["euclidean"].argmax(1))}


def _kl_signs():
    digits = probes.digits(50)
    rows = differences.divergences(digits, differences.noisy(digits, 0.5), epsilon=1e-4)
    return {
        "forward": differences.own_first(rows["KL"]),
        "reverse": differences.own_first(rows["reverse KL"]),
        "mended": differences.own_first(-rows["reverse KL"]),
    }


def _jensen_shannon():
    p, q = torch.rand(2, 50, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64) ** 6
    rows = differences.divergences(p, q)
    return {"printed": rows["as printed"].max().item(), "bounded": rows["Jensen-Shannon"].max().item()}


def _zeros():
    digits = probes.digits(50)
    rows = differences.divergences(digits, differences.half_masked(digits))
    infinite = {name: probes.share(rows[row].isinf()) for name, row in (("kl", "KL"), ("reverse", "reverse KL"))}
    return infinite | {"entry": 1 / 12288}


def _log():
    digits, asked = _digits()
    scores = differences.scores(digits, asked, "dot")
    scores[(scores == 0).any(1)] = torch.nan  # the logarithm of 0 is no number; the same rows for all shares
    weights = differences.distributions(scores.log())
    return {
        "rows": int(scores.isfinite().all(1).sum()),
        "scores": differences.own_first(scores),
        "largest": differences.own_first(weights),
        "smallest": differences.own_first(weights, smallest=True),
    }


def _norm():
    digits = probes.digits(1000)
    small = {
        name: differences.lost_by_the_dot_product(digits[:100], norm=norm)
        for name, norm in (("none", "none"), ("sum", "sum"), ("length", "length"))
    }
    return small | {"many": differences.lost_by_the_dot_product(digits, norm="sum")}


def _zero_memory():
    digits, asked = _digits()
    blank = digits.clone()
    blank[0] = 0
    lost = {
        name: probes.share(differences.scores(m, asked, "dot").isnan())
        for name, m in (("with", blank), ("without", digits))
    }
    return lost | {"manhattan": probes.share(differences.scores(blank, asked, "manhattan").isnan())}


ERRATA = (
    Erratum(
        key="mssl22-softmax-sign",
        where="Table 3 against 4 (Eq. 6)",
        says="In Table 3 the softmax is $e^{-\\beta x} / \\sum e^{-\\beta x}$. Section 4 has $e^x$.",
        found="The minus is right for distances. Appendix E makes every score larger for more alike; then the minus "
        "picks the least similar memory.",
        kind=Kind.SLIP,
        here="$e^{\\beta x}$ of similarities",
        difference="100 digits, upper half masked, dot product: the own memory has the largest weight for {plus:.0%} "
        "with $e^{{\\beta x}}$, for {minus:.0%} with $e^{{-\\beta x}}$.",
        measure=_softmax_sign,
        stands=lambda found: found["plus"] > 0.5 > 0.05 > found["minus"],
    ),
    Erratum(
        key="mssl22-exact-match",
        where="Table 2 against E",
        says="Table 2 has distances. Appendix E replaces them by their normalised reciprocals.",
        found="The reciprocal of an exact match is infinite, and dividing by the sum gives NaN. The text does not say "
        "what is done.",
        kind=Kind.OPEN,
        difference="100 clean digits, Manhattan: {lost:.0%} of queries have a score that is no number.",
        measure=_exact_match,
        stands=lambda found: found["lost"] > 0.99,
    ),
    Erratum(
        key="mssl22-squared",
        where="Table 2",
        says="The Euclidean distance is $\\sum (M - q)^2$.",
        found="That is its square. The order of the memories is the same; the weights are not.",
        kind=Kind.SLIP,
        here="the square, as printed",
        difference="100 digits, upper half masked: the best memory is the same for {same:.0%}. Its normalised "
        "reciprocal times $K$ is {euclidean:.1f}, of the distance itself {root:.1f}.",
        measure=_squared,
        stands=lambda found: found["same"] == 1 and found["euclidean"] > 1.1 * found["root"],
    ),
    Erratum(
        key="mssl22-kl-signs",
        where="Table 2",
        says="KL is $\\sum q \\ln (M/q)$, reverse KL $\\sum M \\ln (M/q)$.",
        found="The first is minus a divergence, the second plus one. So the first is larger for more alike, the "
        "second for less alike.",
        kind=Kind.SLIP,
        difference="50 digits with noise of deviation 0.5, $10^{{-4}}$ inside the logarithms. The own memory scores "
        "highest for {forward:.0%} with KL, {reverse:.0%} with reverse KL, {mended:.0%} with a minus before it.",
        measure=_kl_signs,
        stands=lambda found: found["reverse"] < 0.05 and min(found["forward"], found["mended"]) > 0.3,
    ),
    Erratum(
        key="mssl22-jensen-shannon",
        where="Table 2",
        says="The Jensen-Shannon divergence is $\\tfrac{1}{2} KL[M, q] + \\tfrac{1}{2} KL[q, M]$.",
        found="That is half of Jeffreys' divergence. Jensen-Shannon compares each with their mean and is at most "
        "$\\ln 2$.",
        kind=Kind.SUBSTANCE,
        difference="50 random pairs of distributions: up to {printed:.1f} as printed, up to {bounded:.2f} for "
        "Jensen-Shannon.",
        measure=_jensen_shannon,
        stands=lambda found: found["printed"] > 0.6932 > found["bounded"],
    ),
    Erratum(
        key="mssl22-zeros",
        where="Table 2, E.1",
        says="For the divergences, pictures are divided by their sum.",
        found="Black pixels are 0, and the logarithms are infinite. The text does not say what is done. The public "
        "code adds $10^{-4}$, more than an average entry of a Tiny ImageNet picture. "
        "(BerenMillidge/Theory_Associative_Memory, commit f5e0f5e, as read in 2026.)",
        kind=Kind.OPEN,
        difference="50 digits, upper half masked, with $0 \\ln 0 = 0$: {kl:.0%} of KL and {reverse:.0%} of reverse KL "
        "are infinite. An average entry at 12,288 pixels is {entry:.1e}.",
        measure=_zeros,
        stands=lambda found: found["reverse"] > 0.5 and found["entry"] < 1e-4,
    ),
    Erratum(
        key="mssl22-log",
        where="Table 3 against E",
        says="A separation is to “emphasize the top score and de-emphasize the rest” (2). One is $\\ln x$, of scores "
        "that sum to 1; its output is again divided by its sum.",
        found="All logarithms are negative. Divided by their negative sum, the most similar memory has the smallest "
        "weight.",
        kind=Kind.SUBSTANCE,
        difference="Upper half masked, dot product, of the {rows} of 100 digits without a score of 0. The own memory "
        "scores highest for {scores:.0%}. After $\\ln$ and division its weight is the largest for {largest:.0%} and "
        "the smallest for {smallest:.0%}.",
        measure=_log,
        stands=lambda found: found["largest"] < 0.05 and found["smallest"] > 0.5,
    ),
    Erratum(
        key="mssl22-max-scalar",
        where="Table 3",
        says="$\\mathrm{sep}(x) = \\max(x)$.",
        found="A number. Eq. 1 needs a vector: 1 at the largest score, 0 elsewhere.",
        kind=Kind.SLIP,
        here="the vector",
        difference="Shapes.",
    ),
    Erratum(
        key="mssl22-norm",
        where="E.1, Eq. 13",
        says="That $x \\cdot x < x \\cdot z$ can happen is an issue. “To alleviate this issue”, each vector is "
        "divided by its sum.",
        found="It is alleviated. Whether it still happens is not said. It does: $(0.6, 0.4) \\cdot (0.6, 0.4) = 0.52 "
        "< (0.6, 0.4) \\cdot (1, 0) = 0.6$. Dividing by the length would cure it.",
        kind=Kind.OPEN,
        here="the sum, as printed",
        difference="Clean digits that lose to another: {none:.0%} of 100 without normalising, {sum:.0%} with the sum "
        "({many:.0%} of 1,000), {length:.0%} with the length.",
        measure=_norm,
        stands=lambda found: found["none"] > found["sum"] > 0.01 and found["length"] == 0,
    ),
    Erratum(
        key="mssl22-zero-memory",
        where="Eq. 13",
        says="Rows are divided by their sum, then all scores by theirs.",
        found="A memory that is 0 everywhere makes *every* score NaN. The public code leaves Tiny ImageNet's "
        "one-channel pictures at 0. (BerenMillidge/Theory_Associative_Memory, commit f5e0f5e, as read in 2026.)",
        kind=Kind.OPEN,
        difference="One blank among 100 digits: {with:.0%} of dot-product scores are NaN, {manhattan:.0%} of "
        "Manhattan's; without it {without:.0%}.",
        measure=_zero_memory,
        stands=lambda found: found["with"] == 1 and found["without"] == 0 == found["manhattan"],
    ),
)
