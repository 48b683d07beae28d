"""What the controls of claims do to maps: move, squeeze, shuffle or freeze them, so that a rule must say otherwise."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from damcompanion.mrs24.claims.looks import Alter

Only = Callable[[str], bool]


def _of(network: str, only: Only, change: Callable[[xr.DataArray], xr.DataArray]) -> Alter:
    def alter(of: str, what: str, values: xr.DataArray) -> xr.DataArray:
        return change(values).assign_attrs(values.attrs) if of == network and only(what) else values

    return alter


def every(what: str) -> bool:
    """All sweeps of a network."""
    del what
    return True


def moved(network: str, decades: float, axis: str = "inverse_temperature", *, only: Only = every) -> Alter:
    """Maps of a network lie elsewhere on an axis.

    Args:
        network: whose.
        decades: by how much.
        axis: "inverse_temperature" or "learning_rate".
        only: which of its sweeps.
    """
    return _of(network, only, lambda values: values.assign_coords({axis: values[axis] * 10**decades}))


def squeezed(network: str, factor: float, *, only: Only = every) -> Alter:
    """The columns of a network's maps are narrower, about their middle.

    Args:
        network: whose.
        factor: on the width of a column, in decades.
        only: which of its sweeps.
    """

    def change(values: xr.DataArray) -> xr.DataArray:
        places = np.log10(values["inverse_temperature"])
        return values.assign_coords(inverse_temperature=10 ** (places.mean() + factor * (places - places.mean())))

    return _of(network, only, change)


def drifting(network: str, columns: int) -> Alter:
    """Each map of a network lies so many columns of 1/T beside the one before; what enters the grid recalls nothing.

    Args:
        network: whose.
        columns: along 1/T, for each vertex more.
    """

    def change(values: xr.DataArray) -> xr.DataArray:
        level = values.attrs["random_level"]
        rolled = [
            values.sel(n=n).shift(inverse_temperature=k * columns, fill_value=level)
            for k, n in enumerate(values["n"].to_numpy())
        ]
        return xr.concat(rolled, values["n"])

    return _of(network, every, change)


def frozen(network: str) -> Alter:
    """The map of every vertex is that of the first: nothing depends on n.

    Args:
        network: whose.
    """
    return _of(network, every, lambda values: xr.concat([values.isel(n=0, drop=True)] * values.sizes["n"], values["n"]))


def shuffled(network: str, seed: int = 0) -> Alter:
    """The cells of each map change places at random: the same distances, and no region in one place.

    Args:
        network: whose.
        seed: of the order.
    """

    def change(values: xr.DataArray) -> xr.DataArray:
        values = values.transpose("n", "learning_rate", "inverse_temperature", "repeat")
        draw, cells = np.random.default_rng(seed), values.sizes["learning_rate"] * values.sizes["inverse_temperature"]
        mixed = values.to_numpy().reshape(values.sizes["n"], cells, -1).copy()
        for one in mixed:
            one[:] = one[draw.permutation(cells)]
        return values.copy(data=mixed.reshape(values.shape))

    return _of(network, every, change)


def levelled(network: str) -> Alter:
    """A higher learning rate is never worse: each cell takes the least distance of its column up to its rate.

    Args:
        network: whose.
    """

    def change(values: xr.DataArray) -> xr.DataArray:
        values = values.transpose("learning_rate", ...)
        return values.copy(data=np.minimum.accumulate(values.to_numpy(), axis=0))

    return _of(network, every, change)


def farther(network: str, distance: float) -> Alter:
    """Every distance of a network is larger.

    Args:
        network: whose.
        distance: by how much.
    """
    return _of(network, every, lambda values: values + distance)
