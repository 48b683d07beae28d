"""What bears out an erratum of KH16 or MSSL22 does not bear it out once the statement is put right."""

from fractions import Fraction
from math import nan

import pytest
import torch

from damcompanion import probes
from damcompanion.kh16 import differences as kh16_differences
from damcompanion.kh16 import errata as kh16
from damcompanion.ledger import ERRATA
from damcompanion.mssl22 import differences as mssl22_differences
from damcompanion.mssl22.errata import code, dynamics, experiments, framework, functions
from damcore.capacity import noise_variance

OTHERS = {erratum.key: erratum for text in ("KH16", "MSSL22") for erratum in ERRATA[text]}


def _absolute():
    """The maximum with the absolute value, and the rectified polynomial, which needs none."""
    either = kh16_differences.converged(6, 100, 2000, rectified=False, states=20)[1].item()
    signed = kh16_differences.converged(6, 100, 2000, rectified=True, states=20)[0].item()
    return {"six": either, "six_either": either, "five": signed, "rectified": signed}


def _one_energy():
    """The power energy against itself."""
    noise = Fraction(noise_variance(100, 3))
    return {"variance": str(noise / noise), "growth": 1.0}


def _orders_of_energies():
    return {
        name: mssl22_differences.capacity_exponent(n, 100, energy=True)
        for name, n in (("one", 1), ("two", 2), ("three", 3))
    }


def _usual_energy():
    usual = framework._hopfield_energy()["usual"]
    return {"printed": usual, "usual": usual}


def _eq5():
    usual = framework._continuous_energy()["usual"]
    return {"printed": usual, "usual": usual}


def _longest():
    lost = {
        name: mssl22_differences.lost_by_the_dot_product(probes.digits(k), norm="length")
        for name, k in (("few", 100), ("many", 200))
    }
    return lost | {"none": 0.1, "sum": lost["few"], "length": lost["few"]}


def _increasing():
    scores = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)
    slope = mssl22_differences.smallest_slope(lambda h: h + h**3, scores)
    return {"softmax": slope, "square": slope, "identity": 1.0}


def _first_of_eq2():
    flow = mssl22_differences.gradient_flow(3, draws=5)
    return flow | {"printed": flow["mended"]}


def _dot_for_all():
    found = dynamics._step()
    return found | {
        f"{name}{end}": found[f"dot{end}"] for name in ("euclidean", "manhattan") for end in ("", "_direct", "_rest")
    }


def _clipped():
    digits = probes.digits(20)
    size = mssl22_differences.noise_size(digits, 0.5**0.5, absolute=False)
    return {"text": size, "code": size, "mixed": size}


CORRECTED = {
    "kh16-initial-weights": lambda: dict.fromkeys(("deviation", "variance"), kh16._initial()["deviation"]),
    "kh16-precision": lambda: dict.fromkeys(("narrow", "wide"), (torch.tensor(794.0) / 540).pow(20).item()),
    "kh16-closest-memory": _absolute,
    "kh16-rectified-capacity": _one_energy,
    "mssl22-max-returns": _longest,
    "mssl22-capacity-order": _orders_of_energies,
    "mssl22-threshold-direction": lambda: dict.fromkeys(("near", "far"), framework._threshold()["near"]),
    "mssl22-top-k": lambda: {"fewest": 3, "most": 3},
    "mssl22-hopfield-energy": _usual_energy,
    "mssl22-continuous-energy": _eq5,
    "mssl22-hamming": lambda: dict.fromkeys(("mod", "bipolar"), framework._hamming()["bipolar"]),
    "mssl22-gaussian-tail": lambda: {"near": 0.4, "middle": 0.4, "far": 0.4},
    "mssl22-slope-not-zero": _increasing,
    "mssl22-eq2": _first_of_eq2,
    "mssl22-any-similarity": _dot_for_all,
    "mssl22-separable": lambda: dict.fromkeys(("plain", "normalised"), dynamics._mixed()["plain"]),
    "mssl22-no-lagrangian": lambda: dynamics._lagrangian() | {"square": dynamics._lagrangian()["softmax"]},
    "mssl22-exponential-first": lambda: experiments._beta_one() | {"softmax": experiments._beta_one()["tenth"]},
    "mssl22-largest-least": lambda: dict.fromkeys(("distance", "similarity"), experiments._least()["similarity"]),
    "mssl22-softmax-sign": lambda: dict.fromkeys(("plus", "minus"), functions._softmax_sign()["plus"]),
    "mssl22-squared": lambda: functions._squared() | {"euclidean": functions._squared()["root"]},
    "mssl22-jensen-shannon": lambda: dict.fromkeys(("printed", "bounded"), functions._jensen_shannon()["bounded"]),
    "mssl22-log": lambda: {"largest": functions._log()["scores"], "smallest": 0.0},
    "mssl22-norm": _longest,
    "mssl22-zero-memory": lambda: functions._zero_memory() | {"with": functions._zero_memory()["without"]},
    "mssl22-code-noise": _clipped,
    "mssl22-code-jensen-shannon": lambda: dict.fromkeys(("coded", "reciprocal"), code._jensen_shannon()["reciprocal"]),
}  # fmt: skip


@pytest.mark.parametrize("key", CORRECTED)
def test_the_statement_put_right_is_no_erratum(key):
    stands = OTHERS[key].stands
    assert stands is not None and not stands(CORRECTED[key]())


def test_keys_begin_with_their_text():
    assert len(OTHERS) == len(ERRATA["KH16"]) + len(ERRATA["MSSL22"])
    assert all(erratum.key.startswith("kh16-") for erratum in ERRATA["KH16"])
    assert all(erratum.key.startswith("mssl22-") for erratum in ERRATA["MSSL22"])


def test_what_differs_from_public_code_names_repository_and_date():
    coded = [erratum for erratum in OTHERS.values() if erratum.kind == erratum.kind.CODE]
    assert len(coded) > 10
    assert all("commit" in erratum.found and "as read in 2026.)" in erratum.found for erratum in coded)


def test_no_number_and_not_a_number_do_not_bear_anything_out():
    precision = OTHERS["kh16-precision"].stands
    assert (
        precision is not None
        and not precision({"narrow": 1.0, "wide": 1.0})
        and not precision({"narrow": nan, "wide": nan})
    )
