"""Live recall in a headless Chromium, from file://: the same numbers as damcore, and a page that can be used."""

import re

import pytest
import torch
from playwright.sync_api import Page
from torch import Tensor

import build
import digits
from damcore import Scaling
from damcore.datasets import flip, random_patterns
from damcore.interactions import named
from damcore.network import energy, energy_gap
from damcore.recall import recall
from page_part import write_part

KINDS = ("polynomial", "rectified", "leaky", "exponential")
SOME = (2, 5, 30)  # of the vertices 2 to 30, the others with -m slow
VERTICES = [n if n in SOME else pytest.param(n, marks=pytest.mark.slow) for n in range(2, 31)]

# Recall of each probe as the page does it: the updates that changed a neuron, and the energies before and after each.
SETTLE = """([memories, probes, kind, n]) => {
    const net = window.damcoreRecall.network(memories, kind, n, window.DAMCORE_DIGITS.exponentials);
    return probes.map((probe) => {
        const at = net.begin(probe);
        const [flips, energies] = [[], [net.energy(at)]];
        while (!net.isOver(at)) {
            if (!net.step(at)) continue;
            flips.push(at.updates - 1);
            energies.push(net.energy(at));
        }
        return { ...at, flips, energies };
    });
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("live")
    (folder / "data").mkdir()
    digits.write(folder / "data")
    return write_part("live", folder)


def settled(page: Page, memories: Tensor, probes: Tensor, kind: str, n: int) -> list[dict]:
    return page.evaluate(SETTLE, [memories.int().tolist(), probes.int().tolist(), kind, n])


def drawn_problem(n: int) -> tuple[Tensor, Tensor]:
    """Some of the stored digits, and 100 probes: 80 damaged digits, and 20 states that are like none."""
    generator = torch.Generator().manual_seed(n)
    stored, _ = digits.stored()

    def some(count: int) -> Tensor:
        return stored[torch.randperm(len(stored), generator=generator)[:count]]

    damaged = [flip(some(20), share, generator=generator) for share in (0.1, 0.2, 0.3, 0.4)]
    return some(2 + 7 * n % 49), torch.cat([*damaged, random_patterns(20, stored.shape[1], generator=generator)])


def visited(probe: Tensor, flips: list[int]) -> Tensor:
    """The states (flips + 1, N) that a probe went through."""
    turned = torch.ones(len(flips) + 1, len(probe), dtype=probe.dtype)
    for row, update in enumerate(flips, start=1):
        turned[row, update % len(probe)] = -1
    return probe * turned.cumprod(0)


def signs(gaps: Tensor, flips: list[int], updates: int) -> Tensor:
    """The sign that each update saw: of the gap of its neuron in the state that the updates before it had left."""
    update = torch.arange(updates)
    row = torch.searchsorted(torch.tensor(flips), update)
    return gaps[row, update % gaps.shape[1]] >= 0  # a tie gives +1


def check(page: Page, memories: Tensor, probes: Tensor, kind: str, n: int) -> None:
    """The page and damcore agree: update by update, in the states at the end, sweeps, and energies.

    `energy_gap` has the sign that recall follows, to the last bit; recall with `watch` adds in another order.
    """
    interaction, scaling = named(kind).of_vertex(n, slope=0.01), Scaling.original(1.0, n=1)
    found = settled(page, memories, probes, kind, n)
    recalled = recall(memories, probes, interaction, scaling)
    assert [one["x"] for one in found] == recalled.states.int().tolist()
    assert [one["sweeps"] for one in found] == recalled.sweeps.tolist()
    assert [one["settled"] for one in found] == recalled.converged.tolist()
    passed = [visited(probe, one["flips"]) for probe, one in zip(probes, found, strict=True)]
    states, lengths = torch.cat(passed), [len(states) for states in passed]
    gaps = energy_gap(memories, states, interaction, scaling).split(lengths)
    for one, gap, states_of_one in zip(found, gaps, passed, strict=True):
        on = signs(gap, one["flips"], one["updates"])
        was_on = signs(states_of_one, one["flips"], one["updates"])
        assert (on != was_on).nonzero().flatten().tolist() == one["flips"]
    energies = torch.tensor([value for one in found for value in one["energies"]], dtype=torch.float64)
    expected = energy(memories, states, interaction, scaling)
    rounding = 2.0**-50 * interaction(states @ memories.mT).abs().sum(-1)  # for odd n, terms may cancel
    assert ((energies - expected).abs() <= 1e-9 * expected.abs() + rounding).all()


@pytest.mark.parametrize("n", VERTICES)
@pytest.mark.parametrize("kind", KINDS)
def test_recall_equals_damcore_state_by_state(visit, address, kind, n):
    check(visit.open(address), *drawn_problem(n), kind, n)
    assert visit.complaints == []


def between(firsts: Tensor, seconds: Tensor, generator: torch.Generator) -> Tensor:
    """For each pair, a state that differs from both in as many neurons, give or take one."""
    found = []
    for first, second in zip(firsts, seconds, strict=True):
        apart = (first != second).nonzero().flatten()
        chosen = apart[torch.randperm(len(apart), generator=generator)[: len(apart) // 2]]
        found.append(first.scatter(0, chosen, second[chosen]))
    return torch.stack(found)


@pytest.mark.parametrize("kind", KINDS)
def test_where_large_terms_cancel_the_page_goes_with_damcore(visit, address, kind):
    """Between two like memories their terms cancel. What is left is less than their rounding, and the order of the sum
    decides; or nothing is left at all, and the tie does."""
    page, generator = visit.open(address), torch.Generator().manual_seed(7)
    patterns = random_patterns(30, digits.SIDE**2, generator=generator)
    twins = flip(patterns, 9 / digits.SIDE**2, generator=generator)
    pair, all_ = torch.cat([patterns[:1], twins[:1]]), torch.cat([patterns, twins])
    all_ = all_[torch.randperm(len(all_), generator=generator)]
    check(page, pair, between(patterns[:1].expand(20, -1), twins[:1].expand(20, -1), generator), kind, 2)
    for n in (10, 30):
        check(page, all_, between(patterns, twins, generator), kind, n)
    assert visit.complaints == []


def test_the_exponentials_are_those_of_damcore():
    """e^h to a last bit or two, and differences of them to the last bit of an energy gap."""
    side = digits.SIDE**2
    overlap = torch.arange(-side, side + 1, 2, dtype=torch.float64)
    given = torch.tensor(digits.exponentials(side), dtype=torch.float64)
    torch.testing.assert_close(given, overlap.exp(), rtol=2.0**-51, atol=0)
    stored, _ = digits.stored()
    interaction, scaling = named("exponential").of_vertex(1, slope=0), Scaling.original(1.0, n=1)
    gaps = energy_gap(stored[:1], stored, interaction, scaling)
    h = (stored @ stored[0])[:, None]
    off = h - 2 * stored * stored[0]
    at = [given[((value + side) / 2).long()] for value in (h, off)]
    assert torch.equal(gaps, stored * (at[0] - at[1]))


def test_the_stored_digits_are_distinct_and_one_of_each_class_comes_first():
    stored, labels = digits.stored()
    assert labels.tolist() == [*range(10)] * digits.PER_CLASS
    assert len(stored.unique(dim=0)) == len(stored) and set(stored.unique().tolist()) == {-1.0, 1.0}


# ---- the page


def state(page: Page) -> list[bool]:
    return page.evaluate("[...document.querySelectorAll('#live .cells rect')].map((cell) => cell.matches('.on'))")


def status(page: Page) -> str:
    return page.locator("#live .status").inner_text()


def spoken(page: Page) -> str:
    return page.locator("#live [aria-live]").inner_text()


def play(page: Page) -> str:
    page.get_by_label("Speed").fill("5")
    page.get_by_role("button", name="Play").click()
    page.locator("#live .status", has_text="ettled").wait_for()
    return status(page)


def test_play_restores_the_digit_at_n_20_and_not_at_n_2(visit, address):
    """What the page says in its first paragraph, of what it shows first."""
    page = visit.open(address)
    assert status(page).startswith("Ready. Nearest: stored digit 4, a 3; 49 of 196 neurons differ.")
    assert re.search(r"Settled after \d+ sweeps?\. This is stored digit 4, a 3\.", play(page))
    assert spoken(page) == status(page)
    page.get_by_label("Vertex n").fill("2")
    assert status(page).startswith("Ready.")
    assert "This is no stored digit." in play(page)
    assert visit.complaints == []


def test_step_updates_one_neuron_and_reset_goes_back(visit, address):
    page = visit.open(address)
    before = state(page)
    step = page.get_by_role("button", name="Step")
    for _ in range(8):  # the first row has ink where none belongs
        step.click()
    assert "Sweep 1, neuron 9 of 196." in status(page)
    changed = [i for i, (old, new) in enumerate(zip(before, state(page), strict=True)) if old != new]
    assert changed and max(changed) < 8
    page.get_by_role("button", name="Reset").click()
    assert state(page) == before and status(page).startswith("Ready.")
    assert visit.complaints == []


def test_pause_stops_and_play_goes_on(visit, address):
    page = visit.open(address)
    page.get_by_label("Speed").fill("0")
    page.get_by_role("button", name="Play").click()
    page.locator("#live .status", has_text="Sweep 1").wait_for()
    page.get_by_role("button", name="Pause").click()
    paused = status(page)
    page.wait_for_timeout(400)
    assert status(page) == paused
    assert "ettled" in play(page)
    assert visit.complaints == []


def test_a_reader_draws_with_keys_mouse_and_finger(visit, address):
    page = visit.open(address)
    page.get_by_role("button", name="Blank").click()
    assert not any(state(page))
    page.locator("#live .picture").focus()
    for key in ("ArrowRight", "ArrowDown", "Space", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    assert [i for i, on in enumerate(state(page)) if on] == [15]
    assert spoken(page) == "Row 1, column 2: paper"
    box = page.locator("#live .picture svg").bounding_box()
    size = box["width"] / digits.SIDE
    middle = lambda row, column: (box["x"] + (column + 0.5) * size, box["y"] + (row + 0.5) * size)  # noqa: E731
    page.mouse.move(*middle(5, 3))
    page.mouse.down()
    page.mouse.move(*middle(5, 6), steps=12)
    page.mouse.up()
    page.mouse.move(*middle(9, 6))
    assert [i for i, on in enumerate(state(page)) if on] == [15, 73, 74, 75, 76]
    assert page.evaluate("getComputedStyle(document.querySelector('#live .picture')).touchAction") == "none"
    assert visit.complaints == []


def test_damage_is_what_was_asked_for(visit, address):
    page = visit.open(address)
    page.get_by_label("Flipped").fill("0")
    page.get_by_label("stored digit 6, a 5").check(force=True)
    stored, _ = digits.stored()
    assert state(page) == (stored[5] > 0).tolist()
    page.get_by_label("Erase the lower half").check()
    assert state(page) == (stored[5, :98] > 0).tolist() + [False] * 98
    page.get_by_label("Erase the lower half").uncheck()
    page.get_by_label("Flipped").fill("30")
    first = state(page)
    assert sum(a != b for a, b in zip(first, (stored[5] > 0).tolist(), strict=True)) == round(0.3 * 196)
    page.get_by_role("button", name="New noise").click()
    assert state(page) != first
    page.get_by_label("Stored digits", exact=True).fill("3")  # the damaged one is no longer stored
    assert page.locator("#live .stored label:visible").count() == 3
    assert page.get_by_label("stored digit 1, a 0").is_checked()
    assert visit.complaints == []


def test_who_asked_for_less_motion_sees_whole_sweeps(visit, address):
    visit.page.emulate_media(reduced_motion="reduce")
    page = visit.open(address)
    page.get_by_label("Speed").fill("5")
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(300)
    assert status(page).startswith("Ready.")
    page.locator("#live .status", has_text="Sweep 2, neuron 1 of 196").wait_for()
    page.locator("#live .status", has_text="Settled").wait_for()
    duration = "getComputedStyle(document.querySelector('#live .cells rect')).transitionDuration"
    assert page.evaluate(duration) == "0s"
    assert visit.complaints == []


def test_every_control_has_a_name_and_a_phone_sees_picture_and_curve_at_once(visit, address):
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = visit.open(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    unnamed = "[...document.querySelectorAll('#live :is(input, select)')].filter((x) => !x.labels.length).length"
    assert page.evaluate(unnamed) == 0
    picture, chart = (page.locator(f"#live {name}").bounding_box() for name in (".picture", ".chart"))
    assert chart["y"] + chart["height"] - picture["y"] <= 844 - 80  # the theme's header is 60 high
    assert visit.complaints == []


def test_the_scripts_are_small():
    assert sum((build.BOOK / "assets" / name).stat().st_size for name in ("live.js", "recall.js")) < 25_000
