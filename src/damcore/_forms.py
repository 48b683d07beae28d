"""Which form computes a network (plain, log or compiled), and how a batch is taken apart and joined again."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from damcore import _checks, _kernels
from damcore.interactions import Interaction
from damcore.numerics.ranges import plain_fits
from damcore.scaling import Scaling

FORMS = ("auto", "plain", "log")


def log_form(
    form: str, memories: Tensor, interaction: Interaction, scaling: Scaling, *, learning: bool = False
) -> Tensor:
    """Return which networks `form` computes in the log domain, as booleans with the shape of the temperature."""
    _checks.one_of("form", form, FORMS)
    if form != "auto":
        return torch.tensor(form == "log", device=memories.device)
    fits = plain_fits(memories.dtype, memories.shape[-1], interaction, scaling, learning=learning)
    return ~fits.to(memories.device)


def compiled_form(interaction: Interaction, memories: Tensor, task: str = "train") -> tuple[int, int, float] | None:
    """Return (kind, n, slope) where the loops of `_kernels` can compute this network, else None: plain torch does.

    The loops compute the interactions that say so (`Interaction.compiled`), on the CPU, in float32 and float64. The
    task is "train", "settle" or "gaps".
    """
    form = interaction.compiled
    if form is None or memories.device.type != "cpu" or memories.dtype not in (torch.float32, torch.float64):
        return None
    kind, n, _ = form
    return form if _kernels.works(task, kind, n, torch.empty(0, dtype=memories.dtype).numpy().dtype) else None


@dataclass(frozen=True)
class Part:
    """R networks of a batch, which are all computed in one form."""

    chosen: Tensor  # (*runs), True for these R
    in_logs: bool  # True for the log domain, False for F itself

    @property
    def size(self) -> int:
        """The number of networks R."""
        return int(self.chosen.sum())

    def take(self, values: Tensor, rank: int) -> Tensor:
        """Return the values of these networks, (R, ...), or (1, ...) where all runs share them.

        Args:
            values: (*#runs, ...), the values of the whole batch.
            rank: the number of axes of one network's value.
        """
        shared, own = values.shape[: values.ndim - rank], values.shape[values.ndim - rank :]
        if shared.numel() == 1:
            return values.reshape(1, *own)
        flat = values.expand(*self.chosen.shape, *own).reshape(-1, *own)
        return flat if self.chosen.all() else flat[self.chosen.flatten().to(values.device)]

    def scaling(self, scaling: Scaling) -> Scaling:
        """Return the scaling with the temperatures of these networks."""
        temperature = scaling.temperature
        return scaling.at(self.take(temperature, 0)) if isinstance(temperature, Tensor) else scaling


def parts(
    in_logs: Tensor, runs: torch.Size, generator: torch.Generator | None
) -> list[tuple[Part, torch.Generator | None]]:
    """Split the networks of `runs` into those that `in_logs` (*#runs) marks and the others, each with its generator.

    All parts draw the same numbers, and the caller's generator draws them once.
    """
    in_logs = in_logs.expand(runs)
    found = [Part(in_logs == log, log) for log in (False, True) if (in_logs == log).any()]
    own = [None if generator is None else generator.clone_state() for _ in found[1:]]
    return list(zip(found, [*own, generator], strict=True))


def join(found: Sequence[tuple[Part, Tensor]]) -> Tensor:
    """Join the results (R, ...) of all parts into one tensor (*runs, ...)."""
    chosen, first = found[0]
    shape = (*chosen.chosen.shape, *first.shape[1:])
    if len(found) == 1:
        return first.reshape(shape)
    whole = first.new_empty(shape)
    for part, values in found:
        whole[part.chosen] = values
    return whole
