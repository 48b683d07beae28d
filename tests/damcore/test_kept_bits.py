"""The bits of a small network from each loop, as stored results were made with them, on x86-64 with AVX-512.

Losses are left out: their sum may be formed in another order when code is loaded from disk.
"""

import hashlib

import pytest
import torch

from cases import instance
from damcore import _kernels, learning, numerics
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.network import energy_gap
from damcore.recall import recall
from damcore.scaling import Scaling

KINDS = [Polynomial(3), Polynomial(20), RectifiedPolynomial(20), LeakyRectifiedPolynomial(20), Exponential()]
SETTINGS = dict(epochs=6, learning_rate=0.1, momentum=0.5)
LOOPS = {
    "train": lambda *p: learning.train(*p, form="plain", **SETTINGS).memories,
    "train, minibatches": lambda *p: learning.train(*p, form="plain", batch_size=7, **SETTINGS).memories,
    "train, chosen neurons": lambda *p: learning.train(*p, form="plain", neurons=slice(-4, None), **SETTINGS).memories,
    "train, log": lambda *p: learning.train(*p, form="log", **SETTINGS).memories,
    "gradient": lambda *p: learning.gradient(*p)[1],
    "gradient, log": lambda *p: numerics.log_gradient(*p)[1],
    "gap": lambda *p: energy_gap(*p, form="plain"),
    "gap, log": lambda *p: numerics.signed_log_gap(*p)[1],
    "recall": lambda *p: recall(*p, form="plain").states,
    "recall, log": lambda *p: recall(*p, form="log").states,
}
KEPT = {
    "train, float32": "37a5cb3b1f0eb508",
    "train, float64": "4cbb425f0291384e",
    "train, minibatches, float32": "3b914cc8aa3987c9",
    "train, minibatches, float64": "bae75693b5d8664d",
    "train, chosen neurons, float32": "c2dbb9b2e70f6ad9",
    # The library's matrix products are part of this loop, and add in another order on some processors.
    "train, chosen neurons, float64": "b9e4d2a93c28cafc c926966fd9227251",
    "train, log, float32": "58da50dfe5b6c114",
    "train, log, float64": "3d62b1aff8550c7b",
    "gradient, float32": "a4a71c8343ea3e16",
    "gradient, float64": "6b108f672b239d6c",
    "gradient, log, float32": "f7e4945f2a4af926",
    "gradient, log, float64": "7069fed50288ac91",
    "gap, float32": "28e6246de7e91316",
    "gap, float64": "22d8e507a34c98d5",
    "gap, log, float32": "66fc679ad9954588",
    "gap, log, float64": "7331ae921d803cc6",
    "recall, float32": "e3de1f58ff5ccf23",
    "recall, float64": "4e3627ca6681af65",
    "recall, log, float32": "e3de1f58ff5ccf23",
    "recall, log, float64": "4e3627ca6681af65",
}


def bits(loop: str, dtype: torch.dtype) -> str:
    generator = torch.Generator().manual_seed(11)
    memories, states = instance(generator, n_memories=37, n_states=20, n_neurons=30, dtype=dtype)
    found = hashlib.sha256()
    for kind in KINDS:
        value = LOOPS[loop](memories, states, kind, Scaling.modified(0.8, 30))
        found.update(value.contiguous().numpy().tobytes())
    return found.hexdigest()[:16]


@pytest.mark.skipif(not _kernels.available(), reason="numba cannot be imported here")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_gives_the_bits_that_were_kept(loop, dtype):
    from llvmlite.binding import get_host_cpu_features

    if not get_host_cpu_features().get("avx512f"):
        pytest.skip("the bits are those of x86-64 with AVX-512")
    assert bits(loop, dtype) in KEPT[f"{loop}, {str(dtype)[6:]}"].split()
