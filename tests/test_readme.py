"""README's code does what README says."""

import re
from pathlib import Path

import pytest
import torch

from damcore import DenseAssociativeMemory, datasets

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str, text: str) -> list[str]:
    """The fenced blocks of one language."""
    return [code for kind, code in BLOCK.findall(text) if kind == language]


def test_readmes_code_prints_what_readme_shows(capsys):
    text = README.read_text("utf8")
    codes, shown = blocks("python", text), blocks("text", text)
    assert codes and len(codes) == len(shown)
    names = {}
    for code, output in zip(codes, shown, strict=True):
        capsys.readouterr()
        exec(compile(code, README.name, "exec"), names)
        assert capsys.readouterr().out == output


def test_what_readme_says_of_a_missing_half():
    images, labels = datasets.mnist(source="bundled")
    patterns = datasets.binarise(images[:50])
    memory = DenseAssociativeMemory()
    memory.store(patterns)
    for seed in range(1, 5):  # "other random pixels": "a digit is lost now and then"
        generator = torch.Generator().manual_seed(seed)
        half = patterns.clone()
        half[:, datasets.lower_half()] = datasets.random_patterns(50, 392, generator=generator)
        assert (memory.retrieve(half).states == patterns).all(1).sum() >= 47
    ends = memory.retrieve(datasets.mask(patterns, datasets.lower_half())).states
    lost = ends[(ends != patterns).any(1)]
    thin = torch.as_tensor(labels[:50])[(lost @ patterns.mT).argmax(1)]
    assert torch.isin(thin, torch.tensor([1, 7, 9])).double().mean() > 0.9


@pytest.mark.parametrize("dtype, shown", [(torch.float64, 50), (torch.float32, 5)])
def test_the_default_restores_digits_that_readme_does_not_show(dtype, shown):
    images, _ = datasets.mnist(source="bundled")
    patterns = datasets.binarise(images[50:100], dtype=dtype)
    memory = DenseAssociativeMemory()
    memory.store(patterns)
    noisy = datasets.flip(patterns, 0.25, generator=torch.Generator().manual_seed(1))
    assert torch.equal(memory.retrieve(noisy[:shown]).states, patterns[:shown])


@pytest.mark.parametrize("n_patterns, n_neurons, dtype", [(5, 20, torch.float32), (20, 100, torch.float64)])
def test_the_default_stores_and_trains_small_random_patterns(n_patterns, n_neurons, dtype, generator):
    patterns = datasets.random_patterns(n_patterns, n_neurons, generator=generator, dtype=dtype)
    stored, trained = DenseAssociativeMemory(), DenseAssociativeMemory()
    stored.store(patterns)
    trained.train(patterns)
    noisy = datasets.flip(patterns, 0.1, generator=generator)
    for memory in (stored, trained):
        assert torch.equal(memory.retrieve(noisy).states, patterns)


def test_the_default_trains_digits():
    images, _ = datasets.mnist(source="bundled")
    patterns = datasets.binarise(images[50:60])
    memory = DenseAssociativeMemory()
    memory.train(patterns)
    assert torch.equal(memory.retrieve(patterns).states, patterns)
