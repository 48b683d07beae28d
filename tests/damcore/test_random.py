"""Generators that depend on the cell's configuration and on nothing else."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch

from damcore._random import generator


def draws(*key) -> torch.Tensor:
    return torch.rand(8, generator=generator(*key))


def test_seed_is_the_hash_of_the_written_key():
    written = b"(3, 'initial memories', 20, 0.1)"
    expected = int.from_bytes(hashlib.blake2b(written, digest_size=8).digest(), "little")
    assert generator(3, "initial memories", 20, 0.1).initial_seed() == expected


def test_seed_never_changes():
    # Made with version 0.1.0. Another number here would change every stored result.
    assert generator(0).initial_seed() == 5263075011782779848
    assert generator(0, "patterns", 2, 0.5).initial_seed() == 5237836664830177330


def test_another_process_has_the_same_seed():
    code = "from damcore._random import generator; print(generator(1, 'a', 2).initial_seed())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(printed) == generator(1, "a", 2).initial_seed()


def test_each_call_starts_afresh_and_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    assert torch.equal(draws(1, "a"), draws(1, "a"))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "other",
    [(2, "a", 2), (1, "b", 2), (1, "a", 3), (1, "a", 2.5), (1, "a", "2"), (1, 2, "a"), (1, "a2"), (1, "a"), (1,)],
)
def test_another_key_draws_other_numbers(other):
    assert not torch.equal(draws(1, "a", 2), draws(*other))


@pytest.mark.parametrize(
    "same", [(1, "a", 2.0, 0.1), (np.int64(1), "a", np.int32(2), np.float64(0.1)), (1, np.str_("a"), 2, 0.1)]
)
def test_equal_numbers_are_one_key_whatever_their_type(same):
    assert torch.equal(draws(1, "a", 2, 0.1), draws(*same))


def test_negative_and_infinite_numbers_are_keys_too():
    seeds = {generator(-1, x).initial_seed() for x in (-1.5, float("inf"), float("-inf"), float("nan"), 10**30)}
    assert len(seeds) == 5


@pytest.mark.parametrize("seed", [True, 1.0, "1", None])
def test_refuses_a_seed_that_is_not_whole(seed):
    with pytest.raises(TypeError, match="seed"):
        generator(seed)


@pytest.mark.parametrize("part", [True, None, (1, 2), 1j])
def test_refuses_a_key_that_is_neither_string_nor_number(part):
    with pytest.raises(TypeError, match="key"):
        generator(0, "a", part)
