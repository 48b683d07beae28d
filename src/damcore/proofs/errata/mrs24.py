"""Errata of McAlister, Robins and Szymanski (2024), in the order of the text."""

from damcore.proofs import differences
from damcore.proofs.errata.entry import Erratum, Kind


def _self_coupling():
    noisy, dense = differences.self_coupling(*differences.stored(100, 20, noise=0.1))
    unrelated, _ = differences.self_coupling(*differences.stored(100, 20, noise=0.5))
    return {"noisy": noisy, "unrelated": unrelated, "dense": dense}


ERRATA = (
    Erratum(
        key="mrs24-self-coupling",
        where="Eq. 1-2",
        says="Hebbian weights are a sum over all pairs of neurons.",
        found="The sum leaves $W_{ii} = K$, which holds each neuron where it is.",
        kind=Kind.SUBSTANCE,
        here="$W_{ii} = 0$, {py:func}`hebb <damcore.hopfield.hebb>`",
        difference="$N = 100$, $K = 20$: {noisy:.1%} of updates differ on patterns with a tenth flipped, "
        "{unrelated:.1%} on random states. With $W_{{ii}} = 0$ it is the polynomial of vertex 2: {dense:.1%} differ.",
        measure=_self_coupling,
        stands=lambda found: found["noisy"] > 0.01 and found["dense"] == 0,
    ),
)
