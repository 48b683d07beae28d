import pytest
import torch

from cases import bipolar, refused
from damcore import DenseAssociativeMemory, model, network
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.network import Scaling


def test_stored_patterns_come_back_from_damaged_probes(generator, device):
    patterns = bipolar(generator, 30, 100, device=device)
    memory = DenseAssociativeMemory()
    memory.store(patterns[:10])
    memory.store(patterns[10:])
    probes = patterns.clone()
    probes[:, ::4] *= -1
    restored = memory.retrieve(probes)
    assert torch.equal(restored.states, patterns) and restored.converged.all()


def test_trained_patterns_come_back(generator):
    patterns = bipolar(generator, 5, 60)
    memory = DenseAssociativeMemory(Polynomial(4), temperature=0.7)
    training = memory.train(patterns, epochs=100, learning_rate=0.2)
    assert memory.memories.shape == (25, 60)
    assert training.losses[-1] < training.losses[0]
    assert torch.equal(memory.retrieve(patterns).states, patterns)


def test_energy_is_that_of_the_network_at_its_temperature(generator):
    patterns = bipolar(generator, 4, 16)
    for scaling, equal in (("original", Scaling.original(2.0, 3)), ("modified", Scaling.modified(2.0, 16))):
        memory = DenseAssociativeMemory(Polynomial(3), scaling=scaling, temperature=2.0)
        memory.store(patterns)
        assert torch.equal(memory.energy(patterns), network.energy(patterns, patterns, Polynomial(3), equal))


@pytest.mark.parametrize(
    "interaction", [Polynomial(3), RectifiedPolynomial(20), LeakyRectifiedPolynomial(4, -0.3), Exponential()]
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_load_gives_back_what_was_saved(interaction, dtype, tmp_path, generator):
    memory = DenseAssociativeMemory(interaction, scaling="original", temperature=0.1 + 0.2)
    memory.store(bipolar(generator, 5, 12, dtype=dtype))
    memory.save(tmp_path / "memory.safetensors")
    loaded = DenseAssociativeMemory.load(tmp_path / "memory.safetensors")
    assert (loaded.interaction, loaded.scaling, loaded.temperature) == (interaction, "original", 0.1 + 0.2)
    assert loaded.memories.dtype == dtype and torch.equal(loaded.memories, memory.memories)


def test_refuses_damaged_and_foreign_files(tmp_path, generator):
    memory = DenseAssociativeMemory()
    memory.store(bipolar(generator, 5, 12))
    good = tmp_path / "memory.safetensors"
    memory.save(good)
    whole = good.read_bytes()
    flipped = bytearray(whole)
    flipped[-3] ^= 64
    for name, content in (
        ("flipped", bytes(flipped)),
        ("cut", whole[:-9]),
        ("head", whole[:20]),
        ("empty", b""),
        ("text", b"not a tensor file" * 9),
    ):
        bad = tmp_path / name
        bad.write_bytes(content)
        with refused(ValueError, f"{name} is not a whole file written by"):
            DenseAssociativeMemory.load(bad)
    with refused(FileNotFoundError, "There is no file"):
        DenseAssociativeMemory.load(tmp_path / "missing")


def test_refuses_a_folder_that_cannot_be_written(tmp_path, generator):
    memory = DenseAssociativeMemory()
    memory.store(bipolar(generator, 5, 12))
    (tmp_path / "file").write_text("in the way")
    with refused(ValueError, "Cannot write .*Choose a file in a folder that exists"):
        memory.save(tmp_path / "file" / "memory.safetensors")


def test_refuses_bad_settings_and_bad_patterns(generator):
    with refused(ValueError, "`temperature` must be positive, got 0.0"):
        DenseAssociativeMemory(temperature=0.0)
    with refused(ValueError, "`scaling` must be one of 'original', 'modified', got 'new'"):
        DenseAssociativeMemory(scaling="new")
    with refused(TypeError, "`interaction` must be a damcore.interactions.Interaction or None, got 3"):
        DenseAssociativeMemory(3)
    memory = DenseAssociativeMemory()
    with refused(ValueError, "Nothing is stored yet"):
        memory.retrieve(torch.ones(1, 4))
    with refused(ValueError, "`patterns` must be bipolar"):
        memory.store(torch.zeros(2, 4))
    with refused(ValueError, r"`patterns` must have shape \(K, N\)"):
        memory.store(torch.ones(2, 3, 4))
    with refused(ValueError, "`n_memories` must be at least 1, got 0"):
        memory.train(torch.ones(2, 4), n_memories=0)
    memory.store(torch.ones(2, 4))
    with refused(ValueError, "same number of neurons, got 4 and 5"):
        memory.store(torch.ones(2, 5))
    with refused(TypeError, "share one dtype"):
        memory.retrieve(torch.ones(2, 4).double())


@pytest.mark.parametrize(
    "interaction, pair",
    [
        (Polynomial(4), model.EVEN),
        (Polynomial(5), model.OTHERS),
        (LeakyRectifiedPolynomial(10), model.OTHERS),
        (Exponential(), model.OTHERS),
    ],
)
@pytest.mark.parametrize("scaling", ["modified", "original"])
def test_training_chooses_the_temperature_and_the_rate_that_go_together(generator, interaction, pair, scaling):
    patterns = bipolar(generator, 3, 12)
    gain, rate = pair
    chosen = Scaling.calibrated(interaction, 12, 9, 3, gain=gain, original=scaling == "original")
    memory = DenseAssociativeMemory(interaction, scaling=scaling)
    memory.train(patterns, n_memories=9, epochs=5)
    assert memory.temperature == chosen.temperature != 1
    told = DenseAssociativeMemory(interaction, scaling=scaling, temperature=float(chosen.temperature))
    told.train(patterns, n_memories=9, epochs=5, learning_rate=rate)
    assert torch.equal(memory.memories, told.memories)
    assert torch.equal(memory.energy(patterns), told.energy(patterns))
    told.train(patterns, n_memories=9, epochs=5, learning_rate=rate / 2)
    assert not torch.equal(memory.memories, told.memories)


def test_what_was_chosen_is_saved_and_chosen_anew_until_it_is_given(generator, tmp_path):
    memory = DenseAssociativeMemory(Polynomial(4))
    assert memory.temperature == 1
    memory.train(bipolar(generator, 3, 12), epochs=2)
    first = memory.temperature
    memory.save(tmp_path / "memory")
    loaded = DenseAssociativeMemory.load(tmp_path / "memory")
    memory.train(bipolar(generator, 2, 30), n_memories=50, epochs=2)
    loaded.train(bipolar(generator, 2, 30), n_memories=50, epochs=2)
    assert loaded.temperature == first != memory.temperature
    memory.temperature = 2.0
    memory.train(bipolar(generator, 3, 12), epochs=2)
    assert memory.temperature == 2
    with refused(ValueError, "`temperature` must be positive"):
        memory.temperature = 0.0


def test_where_no_temperature_can_be_chosen_one_is_asked_for():
    memory = DenseAssociativeMemory()
    with refused(ValueError, "`train` finds no temperature for Polynomial\\(n=40\\) and 1 neurons; give `temperature`"):
        memory.train(torch.ones(2, 1))
    DenseAssociativeMemory(temperature=1.0).train(torch.ones(2, 1), epochs=1)
