"""Sections 1 to 3: universal networks and what they are said to contain."""

from damcompanion import probes
from damcompanion.errata import Erratum, Kind
from damcompanion.mssl22 import differences


def _max_returns():
    lost = {"few": 100, "many": 1000}
    return {name: differences.lost_by_the_dot_product(probes.digits(k), norm="none") for name, k in lost.items()}


def _capacity_order():
    orders = {"one": 1, "two": 2, "three": 3}
    exponents = {name: differences.capacity_exponent(n, 100, energy=False) for name, n in orders.items()}
    return exponents | {"energy": differences.capacity_exponent(3, 100, energy=True)}


def _threshold():
    found = differences.sparse_distributed_memory(*probes.stored(256, 100, noise=0.1), 100)
    return {"near": found["near"], "far": found["far"]}


def _top_k():
    found = differences.sparse_distributed_memory(*probes.stored(256, 100, noise=0.1), 110)
    return {"fewest": found["fewest"], "most": found["most"]}


def _dense():
    cases = {
        f"{kind}_{name}": (n, noise)
        for name, n in (("three", 3), ("four", 4))
        for kind, noise in (("stored", 0.1), ("random", None))
    }
    found = {name: differences.first_order(n, n - 1, 100, 1000, own=True, noise=at) for name, (n, at) in cases.items()}
    return found | {"without": max(differences.first_order(n, n - 1, 100, 1000, own=False) for n in (3, 4))}


def _hopfield_energy():
    patterns, states = probes.stored(100, 20, noise=0.5)
    return {
        name: differences.hopfield_energy_rises(patterns, states, sign=sign)
        for name, sign in (("printed", 1), ("usual", -1))
    }


def _softmax_energy():
    memories, states = probes.stored(20, 10, noise=0.5)
    energies = (states @ memories.mT / 20).softmax(1).sum(1)
    sums = (states @ memories.mT).exp().sum(1)
    return {"spread": (energies.max() - energies.min()).item(), "ratio": (sums.max() / sums.min()).item()}


def _continuous_energy():
    digits = probes.digits(100)
    asked = differences.half_masked(digits)
    return {
        name: differences.continuous_energy_rises(digits, asked, printed=name == "printed")
        for name in ("printed", "usual")
    }


def _hamming():
    found = differences.hamming_identities(6)
    return {"mod": found["mod 2"], "bipolar": found["bipolar"]}


def _tail():
    return {name: differences.tail_slope(1000, at) for name, at in (("near", 350), ("middle", 400), ("far", 450))}


ERRATA = (
    Erratum(
        key="mssl22-max-returns",
        where="2",
        says="With a max separation, \u201cpresenting an already stored pattern as a query will always return "
        "itself\u201d.",
        found="Not always. Section 6 itself states the condition: each memory must be most similar to itself. "
        "Patterns of $-1$ and $1$ meet it with the dot product. Other patterns need not, because another memory can "
        "be longer, as appendix E.1 says. Three of the four networks in Table 1 have the dot product.",
        kind=Kind.SUBSTANCE,
        difference="Uncorrupted digits that the raw dot product gives to another digit: {few:.0%} of 100, {many:.0%} "
        "of 1,000.",
        measure=_max_returns,
        stands=lambda found: found["few"] > 0.01 and found["many"] > found["few"],
    ),
    Erratum(
        key="mssl22-capacity-order",
        where="2",
        says="\u201cIt is well known\u201d that a separation that is a polynomial of order $n$ has capacity $C "
        "\\propto N^{n-1}$.",
        found="That is the capacity of an *energy* of order $n$, as 3.3 has it. Its separation has order $n - 1$. A "
        "separation of order $n$ gives $N^n$; the identity would not grow with $N$ by the printed rule.",
        kind=Kind.SUBSTANCE,
        difference="Exponents from exact variances, $N = 100$ to 200, without the neuron's own term: {one:.2f}, "
        "{two:.2f} and {three:.2f} for $x$, $x^2$ and $x^3$ as separations; {energy:.2f} for an energy of order 3.",
        measure=_capacity_order,
        stands=lambda found: all(abs(found[name] - n) < 0.1 for name, n in (("one", 1), ("two", 2), ("three", 3))),
    ),
    Erratum(
        key="mssl22-letter-n",
        where="1, 2, 3.3",
        says="In section 2, $N$ is the number of visible neurons.",
        found="In section 1, $N$ is the number of stored patterns and $I$ that of inputs; 3.3 has $I^{n-1}$.",
        kind=Kind.SLIP,
        here="$N$ neurons, $K$ memories",
        difference="Letters.",
    ),
    Erratum(
        key="mssl22-outer-product",
        where="3.1; Eq. 8-9",
        says="$W = M M^T$, with $M$ of size $N \\times I$ and $q$ of length $I$.",
        found="$M M^T$ is $N \\times N$ and cannot act on $q$. With rows as memories it is $W = M^T M$.",
        kind=Kind.SLIP,
        here="$M^T M$",
        difference="Shapes.",
    ),
    Erratum(
        key="mssl22-threshold-direction",
        where="3.2",
        says="The threshold \u201creturns 1 if the Hamming distance is greater than some threshold\u201d.",
        found="Smaller. Two sentences before, addresses *below* the threshold distance are activated.",
        kind=Kind.SLIP,
        here="smaller",
        difference="100 addresses of 256 bits, a tenth of the query flipped, distance 100: {near:.0%} of bits right "
        "with the near addresses, {far:.0%} with the far ones.",
        measure=_threshold,
        stands=lambda found: found["near"] > 0.9 and found["far"] < 0.6,
    ),
    Erratum(
        key="mssl22-top-k",
        where="3.2",
        says="The threshold \u201cimplements a top-k operation to cut out poor matches\u201d.",
        found="It cuts out poor matches. But a threshold fixes the distance, and a top-k operation fixes the number "
        "of addresses.",
        kind=Kind.SLIP,
        difference="100 addresses of 256 bits, a tenth of the query flipped, distance 110: from {fewest} to {most} "
        "addresses are activated.",
        measure=_top_k,
        stands=lambda found: found["most"] > found["fewest"],
    ),
    Erratum(
        key="mssl22-dense",
        where="3.3, Table 1",
        says="The dense associative memory is the dot product with a polynomial separation. No formula is given.",
        found="KH16's update is a difference of two energies, without the neuron itself. Its first order is a "
        "separation of order $n - 1$ without the neuron's own term.",
        kind=Kind.OPEN,
        here="KH16's update",
        difference="$N = 100$, $K = 1000$. Updates in which $P (M q)^{{n-1}}$ differs from KH16's, for memories with "
        "a tenth flipped and for random states: {stored_three:.1%} and {random_three:.1%} at $n = 3$, "
        "{stored_four:.1%} and {random_four:.0%} at $n = 4$. Without the own term, random states: at most "
        "{without:.2%}.",
        measure=_dense,
        stands=lambda found: found["random_four"] > 0.1 and found["without"] < 0.01,
    ),
    Erratum(
        key="mssl22-hopfield-energy",
        where="3.3",
        says="The \u201cstandard Hopfield energy function\u201d is $E = q^T W q + q^T b$.",
        found="The sign is wrong: the update raises this energy. Hopfield's has $-\\tfrac{1}{2} q^T W q$.",
        kind=Kind.SLIP,
        here="$-\\tfrac{1}{2} q^T W q$",
        difference="$N = 100$, 20 patterns, $b = 0$, $W_{{ii}} = 0$: {printed:.0%} of moves raise the printed energy, "
        "{usual:.0%} raise Hopfield's.",
        measure=_hopfield_energy,
        stands=lambda found: found["printed"] == 1 and found["usual"] == 0,
    ),
    Erratum(
        key="mssl22-energy-of-w",
        where="3.3",
        says="KH16 generalises the energy to $E = F(W \\cdot q)$ for an arbitrary $F$.",
        found="KH16's energy is $-\\sum_\\mu F(\\xi^\\mu \\cdot \\sigma)$: a sum over memories, with a minus. $W$ is "
        "the matrix of memories here; in 3.1 it is their outer product.",
        kind=Kind.SLIP,
        difference="With a polynomial $F$, the printed $E$ is a vector.",
    ),
    Erratum(
        key="mssl22-softmax-energy",
        where="3.3",
        says="Demircigil et al. have \u201cexponential energy functions\u201d $E = \\sigma(W \\cdot q)$, where "
        "$\\sigma$ \u201cis the softmax function\u201d.",
        found="The words are right: their energy is minus a sum of exponentials. The softmax is no energy. It has a "
        "component for each memory, and their sum is 1 for every state.",
        kind=Kind.SLIP,
        difference="Ten random memories, $N = 20$: the summed softmax varies by {spread:.0e} over states, the sum of "
        "exponentials by a factor {ratio:,.0f}.",
        measure=_softmax_energy,
        stands=lambda found: found["spread"] < 1e-12 and found["ratio"] > 2,
    ),
    Erratum(
        key="mssl22-continuous-energy",
        where="3.3 against Eq. 5",
        says="The energy of the continuous network is $q^T q + \\log \\sum e^{W q}$, with update $z = W^T \\sigma(W "
        "q)$.",
        found="The logarithm needs a minus and $q^T q$ a $\\tfrac{1}{2}$. Eq. 5 has both.",
        kind=Kind.SLIP,
        difference="100 digits, upper half masked: {printed:.0%} of these updates raise the printed energy, "
        "{usual:.0%} raise that of Eq. 5.",
        measure=_continuous_energy,
        stands=lambda found: found["printed"] > 0.9 and found["usual"] == 0,
    ),
    Erratum(
        key="mssl22-value-matrix",
        where="3.3",
        says="$z = V \\sigma(K Q)$ with $K = W$ and $V = W$.",
        found="The update in the same sentence is $z = W^T \\sigma(W q)$, so $V = W^T$.",
        kind=Kind.SLIP,
        difference="Shapes.",
    ),
    Erratum(
        key="mssl22-hamming",
        where="3.4",
        says="The argument, taken from the literature, that \u201cthe Hamming distance is the dot product (mod 2) of "
        "binary vectors\u201d.",
        found="It is not, for vectors of 0 and 1. For vectors of $-1$ and 1 the distance is $(N - x \\cdot y) / 2$, "
        "so the conclusion, that the dot product generalizes the distance, holds for these.",
        kind=Kind.SUBSTANCE,
        difference="Of all pairs of 6-bit vectors, {mod:.1%} obey the printed rule and {bipolar:.0%} the other.",
        measure=_hamming,
        stands=lambda found: found["mod"] < 0.5 and found["bipolar"] == 1,
    ),
    Erratum(
        key="mssl22-gaussian-tail",
        where="3.4",
        says="The number of addresses falls \u201capproximately exponentially\u201d with the threshold, because "
        "\u201cthe tails of a Gaussian distribution decay exponentially\u201d. So an exponential can "
        "\u201cheuristically replace the threshold function\u201d.",
        found="Gaussian tails fall faster than any exponential. An exponential fits over a small range of distances, "
        "and its rate depends on the range. The text does not say which range, and so which rate, is meant.",
        kind=Kind.OPEN,
        difference="1,000 bits. Rate of decay a bit at distances 450, 400 and 350: {far:.2f}, {middle:.2f} and "
        "{near:.2f}. An exponential would have one rate.",
        measure=_tail,
        stands=lambda found: found["near"] > 1.2 * found["middle"] > 1.2**2 * found["far"],
    ),
    Erratum(
        key="mssl22-address-shapes",
        where="3.4",
        says="$A$ is $M \\times N$, $P$ is $K \\times O$, and the output is $P \\cdot \\mathrm{thresh}(d(A, q))$.",
        found="The threshold has $M$ components, so $P$ must have $M$ columns. $M$ and $N$ meant other things before.",
        kind=Kind.SLIP,
        difference="Shapes.",
    ),
    Erratum(
        key="mssl22-projection-shapes",
        where="3.5, B (Eq. 12)",
        says="Autoassociation has $P = M$. The heteroassociative weights are $P M^T$. The scores combine \u201crows "
        "of the projection matrix\u201d.",
        found="$P$ is $O \\times N$ and $M$ is $N \\times I$ (section 2). So $P = M^T$, the weights are $P M$, and "
        "the scores combine columns.",
        kind=Kind.SLIP,
        here="$P = M^T$",
        difference="Shapes.",
    ),
)
