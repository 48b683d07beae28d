"""Sections 5 and 6, appendices B, C, F and G: experiments."""

from damcompanion import probes
from damcompanion.errata import Erratum, Kind
from damcompanion.mssl22 import differences


def _mask_and_noise():
    memories = probes.digits(1000)
    noisy = differences.noisy(memories[:100], 0.5**0.5)
    found = {}
    for name, asked in (
        ("mask", differences.half_masked(memories[:100])),
        ("noise", noisy),
        ("both", differences.half_masked(noisy)),
    ):
        for similarity in ("dot", "manhattan"):
            found[f"{name}_{similarity}"] = differences.own_first(differences.scores(memories, asked, similarity))
    return found


def _beta_one():
    digits = probes.digits(100)
    asked = differences.half_masked(digits)
    return {
        "softmax": differences.retrieved(digits, asked, lambda x: x.softmax(1)),
        "tenth": differences.retrieved(digits, asked, lambda x: x**10),
        "mean": differences.retrieved(digits, asked, lambda x: x**0),
        "largest": differences.softmax_direction(digits, beta=1)["largest weight times K"],
    }


def _least():
    digits = probes.digits(100)
    distance = 1 / differences.scores(digits, digits + 1e-6, "manhattan")
    return {"distance": differences.own_first(distance), "similarity": differences.own_first(-distance)}


def _hetero():
    """100 digits and, as their partners, the next 100, or 100 slender ones: digits with the least ink."""
    digits = probes.digits(1000)
    memories, found = digits[:100], {}
    asked = differences.half_masked(memories)
    for name, partners in (("other", digits[100:200]), ("hetero", digits[digits.sum(1).argsort()][:100])):
        own, other = differences.heteroassociation(memories, partners, asked)
        found["auto"] = probes.share((own - memories).square().sum(1) < 50)
        found[name] = probes.share((other - partners).square().sum(1) < 50)
    return found


def _hetero_test():
    memories = probes.digits(100)
    lower = memories[:, 392:]
    own, part = differences.heteroassociation(memories, lower, differences.half_masked(memories))
    return {
        "apart": (own[:, 392:] - part).abs().max().item(),
        "auto": probes.share((own - memories).square().sum(1) < 50),
        "hetero": probes.share((part - lower).square().sum(1) < 50),
    }


def _threshold():
    mean, other = differences.accepted(probes.digits(1000), 50.0)
    allowed = {f"pixel_{name}": (50 / size) ** 0.5 for name, size in (("mnist", 784), ("cifar", 3072), ("tiny", 12288))}
    return {"mean": mean, "other": other} | allowed


ERRATA = (
    Erratum(
        key="mssl22-mask-and-noise",
        where="Fig. 2",
        says="The top half of the picture was masked; two sentences on, the queries have Gaussian noise of variance "
        "0.5.",
        found="Both, or one of them? The public code adds noise only.",
        kind=Kind.OPEN,
        difference="1,000 digits, queries whose own memory scores highest (dot product, Manhattan): mask "
        "{mask_dot:.0%}, {mask_manhattan:.0%}; noise {noise_dot:.0%}, {noise_manhattan:.0%}; noise, then mask "
        "{both_dot:.0%}, {both_manhattan:.0%}.",
        measure=_mask_and_noise,
        stands=lambda found: found["both_manhattan"] < min(found["mask_manhattan"], found["noise_manhattan"]) - 0.2,
    ),
    Erratum(
        key="mssl22-exponential-first",
        where="5.2, Fig. 3",
        says="The results \u201cappear to align closely\u201d with theory: \u201cthe exponential and max functions "
        "have substantially higher capacity\u201d than others. Further on, the softmax does \u201crelatively poorly "
        "compared to the 10th order polynomial\u201d, because $\\beta = 1$ was set \u201cfor a fair "
        "comparison\u201d. A larger $\\beta$ would help.",
        found="The exponential function of Fig. 3 is this softmax, so the two sentences contradict each other. Nor "
        "is $\\beta = 1$ fair: scores that sum to 1 are about $1/K$, so all weights are nearly equal. A polynomial "
        "does not depend on that scale.",
        kind=Kind.SUBSTANCE,
        difference="100 digits, upper half masked, dot product, squared error below 50: softmax {softmax:.0%}, tenth "
        "order {tenth:.0%}, the mean of all memories {mean:.0%}. Largest weight times $K$: {largest:.2f}.",
        measure=_beta_one,
        stands=lambda found: found["tenth"] > found["softmax"] + 0.1 and abs(found["softmax"] - found["mean"]) < 0.1,
    ),
    Erratum(
        key="mssl22-largest-least",
        where="6",
        says="Max returns every clean query if the similarity \u201chas its minimum at the memory\u201d, "
        "$\\mathrm{sim}(x, x) < \\mathrm{sim}(x, y)$.",
        found="That is a distance. Max needs the largest similarity at the memory.",
        kind=Kind.SLIP,
        difference="100 clean digits, Manhattan distance: max finds {distance:.0%} of them, and {similarity:.0%} with "
        "a minus.",
        measure=_least,
        stands=lambda found: found["distance"] == 0 and found["similarity"] == 1,
    ),
    Erratum(
        key="mssl22-hetero-any",
        where="6 against B",
        says="Section 6: capacities are the same \u201cfor powerful separation functions\u201d. Appendix B: there "
        "should be \u201ceffectively no difference\u201d, \u201cfor any feedforward memory model\u201d.",
        found="Section 6 is right: a separation that picks the right memory picks the right picture from any $P$. "
        "With a weak separation a mixture comes out, and the error depends on the pictures in $P$.",
        kind=Kind.SUBSTANCE,
        difference="100 digits, upper half masked, identity, squared error below 50: {auto:.0%} with $P = M^T$, "
        "{other:.0%} with 100 other digits in $P$, {hetero:.0%} with the 100 thinnest of 1,000 digits.",
        measure=_hetero,
        stands=lambda found: min(abs(found[name] - found["auto"]) for name in ("other", "hetero")) > 0.1,
    ),
    Erratum(
        key="mssl22-hetero-test",
        where="B, Fig. 6",
        says="The prediction is verified: auto- and heteroassociation are \u201cstatistically identical\u201d. The "
        "heteroassociative task was to return the bottom half.",
        found="This $P$ is a part of $M^T$, so its output is the same part of the other output, with every "
        "separation. Only the threshold can make a difference: half a picture meets it more easily. Another $P$ is "
        "not tested, and the threshold of half a picture is not said.",
        kind=Kind.OPEN,
        difference="100 digits, upper half masked, identity: the bottom halves differ by at most {apart:.0g}. Squared "
        "error below 50: {auto:.0%} whole, {hetero:.0%} half.",
        measure=_hetero_test,
        stands=lambda found: found["apart"] < 1e-12 and found["hetero"] >= found["auto"],
    ),
    Erratum(
        key="mssl22-cross-references",
        where="4, B, C, Fig. 5",
        says="\u201cdynamics equations (2) and (3)\u201d; \u201cSection 1.1\u201d; the robustness plots are "
        "\u201cFig. 2\u201d; the \u201cautoassociated memory was the other half\u201d.",
        found="Eq. 3 is the energy. There is no section 1.1; 3.5 is meant. The robustness plots are Fig. 4. The other "
        "half is *hetero*associated, as is the matrix after Eq. 12.",
        kind=Kind.SLIP,
        difference="Words.",
    ),
    Erratum(
        key="mssl22-not-said",
        where="Fig. 2, 4, 7-8, 11, 14",
        says="Capacity and robustness are shown as curves.",
        found="Not said in words: the numbers of images in Fig. 2 and 3; $\\beta$ in Fig. 4; the data set of Fig. 7, "
        "8 and 14; the runs of Fig. 11.",
        kind=Kind.OPEN,
        difference="We could not see the figures. Their axes may say more.",
    ),
    Erratum(
        key="mssl22-transformers",
        where="F, Fig. 9",
        says="\u201cAll successful similarity functions achieved similar results\u201d, two of them \u201cmore "
        "sensitive\u201d to $\\beta$.",
        found="Which failed is not said. Nor are $\\beta$, the learning rates, epochs, seeds, sequence length and "
        "vocabulary. The text calls the results preliminary.",
        kind=Kind.OPEN,
        difference="Fig. 9 cannot be repeated from the text.",
    ),
    Erratum(
        key="mssl22-softmax-temperature",
        where="F",
        says="$\\beta$ is \u201cthe softmax temperature\u201d. Further on, a \u201chigh\u201d temperature makes "
        "attention dense, and a large *inverse* temperature makes it sparse.",
        found="$\\beta$ is the inverse temperature.",
        kind=Kind.SLIP,
        difference="Words.",
    ),
    Erratum(
        key="mssl22-threshold",
        where="E, G",
        says="A squared error below 50 lets pass what is \u201calmost indistinguishable by eye\u201d and rules out "
        "\u201cincorrect and poor reconstructions\u201d. G calls it \u201cheuristic\u201d, and set \u201csomewhat "
        "arbitrarily\u201d. All data sets have the same threshold.",
        found="On MNIST it lets wrong pictures pass. As a sum over pixels it is stricter for larger pictures, so it "
        "does not compare data sets.",
        kind=Kind.SUBSTANCE,
        here="the share whose own memory scores highest, too",
        difference="Of 1,000 digits, {mean:.0%} are within 50 of the mean picture, {other:.0%} within 50 of another "
        "picture. Allowed error a pixel: {pixel_mnist:.2f} (MNIST), {pixel_cifar:.2f} (CIFAR10), {pixel_tiny:.2f} "
        "(Tiny ImageNet).",
        measure=_threshold,
        stands=lambda found: found["other"] > 0.1 and found["mean"] > 0.1,
    ),
)
