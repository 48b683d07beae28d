"""One network that several threads train together: the bits of one thread, whatever the network and the team."""

import threading

import numpy as np
import pytest

from damcore import _kernels
from damcore._kernels import threads
from damcore._kernels.work import EXPONENTIAL, LEAKY, POLYNOMIAL, RECTIFIED

pytestmark = pytest.mark.skipif(not _kernels.available(), reason="numba cannot be imported here")

FUNCTIONS = [(POLYNOMIAL, 2, 0.0), (RECTIFIED, 20, 0.0), (LEAKY, 5, -0.3), (EXPONENTIAL, 0, 0.0)]
# K, N, states, batch size: blocks of one state to many, the last of them smaller, and numbers that nothing divides
SIZES = [(100, 100, 20, None), (37, 50, 41, 7), (500, 60, 14, None), (260, 70, 31, 10), (20, 30, 3, None), (1, 3, 9, 4)]


def trained(
    kind, n, slope, size, dtype=np.float64, *, networks=1, epochs=4, rate=0.1, momentum=0.5, m=1, floor=0.0, clip=True,
    stop=None, threads=1, team=None,
):  # fmt: skip
    """Memories, velocity, losses and divergence of networks that leave the range from epoch `stop` on."""
    n_memories, n_neurons, n_states, batch_size = size
    draw = np.random.default_rng(0)
    memories = draw.uniform(-1, 1, (networks, n_memories, n_neurons)).astype(dtype)
    patterns = draw.choice([-1.0, 1.0], (1, n_states, n_neurons)).astype(dtype)
    order = np.stack([draw.permutation(n_states) for _ in range(epochs)])
    inner = np.full((networks, epochs), 2 / n_neurons, dtype)
    inner[:, epochs if stop is None else stop :] = np.finfo(dtype).max ** 0.9
    columns = [inner, np.ones_like(inner), np.full_like(inner, rate)]
    velocity, losses, diverged = np.zeros_like(memories), np.zeros((networks, epochs), dtype), np.full(networks, -1)
    _kernels.train_epochs(
        memories, velocity, patterns, order, kind, n, slope, *columns, momentum, m, floor,
        np.full(n_neurons, True) & clip, batch_size or n_states, losses, diverged, threads=threads, team=team,
    )  # fmt: skip
    return memories, velocity, losses, diverged


def same(ours, theirs):
    return all(one.tobytes() == other.tobytes() for one, other in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("kind, n, slope", FUNCTIONS)
def test_a_team_trains_the_network_of_one_thread(kind, n, slope, size, dtype):
    for settings in (dict(momentum=0.6, m=3, floor=1e-30), dict(clip=np.arange(size[1]) % 2 == 0, rate=0.7)):
        alone = trained(kind, n, slope, size, dtype, team=1, **settings)
        assert np.isfinite(alone[2]).all()
        for team in (2, 4):
            found = trained(kind, n, slope, size, dtype, team=team, **settings)
            assert same(found, alone), f"{team} threads, {settings}"


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_team_stops_where_one_thread_diverges(dtype):
    for stop in (0, 2):
        alone = trained(POLYNOMIAL, 3, 0.0, (40, 12, 9, 4), dtype, stop=stop, team=1)
        assert alone[3][0] == stop and np.isnan(alone[2][0, stop:]).all() and np.isfinite(alone[2][0, :stop]).all()
        for team in (2, 4):
            assert same(trained(POLYNOMIAL, 3, 0.0, (40, 12, 9, 4), dtype, stop=stop, team=team), alone)


@pytest.fixture
def small_is_large(monkeypatch):
    """Teams for every network."""
    monkeypatch.setattr(threads, "OF_MINIBATCH", 0)
    monkeypatch.setattr(threads, "TIMED", 1)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind, n, slope", FUNCTIONS)
def test_the_number_of_threads_changes_no_bit(kind, n, slope, dtype, small_is_large):
    for size in ((40, 12, 9, 9), (40, 12, 9, 4)):
        one = trained(kind, n, slope, size, dtype, networks=2, epochs=12, threads=1)
        for number in (2, 3, 4, 9):
            assert same(trained(kind, n, slope, size, dtype, networks=2, epochs=12, threads=number), one), number


def test_spare_threads_form_teams_and_many_networks_none():
    large = dict(n_epochs=100, of_epoch=10**6, of_minibatch=10**6)
    sizes = [threads.team_size(number, 2, **large)[0] for number in (1, 2, 3, 4, 7, 8, 100)]
    assert sizes == [1, 1, 1, 2, 2, 4, 4]
    assert threads.team_size(8, 1, 100, 10**6, 10**5)[0] == 1  # small minibatches
    assert threads.team_size(8, 1, 50, 10**6, 10**6)[0] == 1  # few epochs


@pytest.mark.parametrize("slow", [1, 2])
def test_the_faster_of_team_and_thread_goes_on(slow, monkeypatch):
    clock, asked = [0.0], []

    def train(first, last, size):
        asked.append((first, last, size))
        clock[0] += (last - first) * (3 if size == slow else 2)
        return -1

    monkeypatch.setattr(threads, "perf_counter", lambda: clock[0])
    assert threads.by_the_faster(train, 100, 2, 5) == -1
    assert asked == [(0, 5, 1), (5, 10, 2), (10, 100, 3 - slow)]


@pytest.mark.parametrize("diverges", [3, 7, 50, 100])
def test_nothing_is_trained_after_divergence(diverges):
    asked = []

    def train(first, last, size):
        asked.append(last)
        return diverges if first <= diverges < last else -1

    assert threads.by_the_faster(train, 100, 2, 5) == (diverges if diverges < 100 else -1)
    assert all(last <= diverges for last in asked[:-1])


def test_divergence_after_the_timed_epochs_is_that_of_one_thread(small_is_large):
    for stop in (0, 1, 10):
        one, two = (trained(POLYNOMIAL, 3, 0.0, SIZES[1], epochs=20, stop=stop, threads=number) for number in (1, 2))
        assert same(one, two) and two[3][0] == stop and np.isnan(two[2][0, stop:]).all()


def test_where_the_system_has_no_more_threads_one_trains_alone(monkeypatch):
    alone = trained(RECTIFIED, 3, 0.0, SIZES[1], team=1)
    whole, started = threading.Thread.start, []

    def start(thread):
        started.append(thread)
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        whole(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    assert same(trained(RECTIFIED, 3, 0.0, SIZES[1], team=2), alone) and len(started) == 2


def test_a_compiler_that_sums_in_another_order_gets_no_teams(monkeypatch):
    whole = _kernels.train_together
    _kernels._tried.cache_clear()
    dtype = np.dtype("float64")
    assert _kernels.works("together", RECTIFIED, 4, dtype)
    _kernels._tried.cache_clear()

    def otherwise(size, evaluator, memories, *settings):
        found = whole(size, evaluator, memories, *settings)
        memories[0, 0] = np.nextafter(memories[0, 0], 2)
        return found

    monkeypatch.setattr(_kernels, "train_together", otherwise)
    assert not _kernels.works("together", RECTIFIED, 4, dtype) and _kernels.available()
    _kernels._tried.cache_clear()


def test_a_team_larger_than_the_machine_goes_on():
    """It meets four thousand times; threads that wait give their core away."""
    alone = trained(RECTIFIED, 3, 0.0, (40, 12, 200, 1), team=1)
    assert same(trained(RECTIFIED, 3, 0.0, (40, 12, 200, 1), team=4), alone)
