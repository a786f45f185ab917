"""Where a drawing puts the buses: their coordinates, or a spectral start relaxed by forces between neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.network.network import Network
from core.network.topology import edges

if TYPE_CHECKING:
    from scipy import sparse

STEPS = 60


@dataclass(frozen=True, slots=True)
class Layout:
    """The drawn buses with x and y, and pairs of their rows that are connected."""

    nodes: pd.DataFrame
    edges: np.ndarray
    geographic: bool
    guessed: int = 0  # buses without coordinates that stand beside their neighbours on the map


def positions(network: Network, *, around: int | None = None, most: int = 600) -> Layout:
    """Return a layout of the network, or of the ``most`` buses nearest to one of them."""
    from scipy import sparse  # a page must not wait for it

    from_, to = edges(network)
    n = len(network["bus"])
    graph = sparse.coo_matrix((np.ones(len(from_)), (from_, to)), shape=(n, n)).tocsr()
    rows = np.arange(n) if n <= most else _nearest(graph, network.positions([around or 0])[0], most)
    place = np.full(n, -1)
    place[rows] = np.arange(len(rows))
    pairs = np.column_stack([place[from_], place[to]])
    pairs = pairs[(pairs >= 0).all(axis=1)]
    nodes = network["bus"].iloc[rows].reset_index(drop=True)
    places = nodes[["x", "y"]].to_numpy(dtype=float)
    known = np.isfinite(places).all(axis=1)
    geographic = bool(2 * known.sum() > len(known))
    places = _beside_neighbours(places, known, pairs) if geographic else _relaxed(len(rows), pairs)
    nodes = nodes.assign(x=places[:, 0], y=places[:, 1])
    return Layout(nodes, pairs, geographic, int((~known).sum()) if geographic else 0)


def _beside_neighbours(places: np.ndarray, known: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the places (n, 2) with those that lack in the middle of their neighbours, or of all without any."""
    places, known = np.where(known[:, None], places, 0.0), known.copy()
    middle = places[known].mean(axis=0)
    both = np.vstack([pairs, pairs[:, ::-1]])
    while not known.all():
        reaching = both[known[both[:, 0]] & ~known[both[:, 1]]]
        if not len(reaching):
            break
        count = np.bincount(reaching[:, 1], minlength=len(known))
        np.add.at(places, reaching[:, 1], places[reaching[:, 0]])
        new = count > 0
        places[new] /= count[new, None]
        known |= new
    places[~known] = middle
    return places


def _nearest(graph: sparse.csr_matrix, start: int, most: int) -> np.ndarray:
    """Return the rows reached first from a bus."""
    from scipy.sparse import csgraph

    order = csgraph.breadth_first_order(graph, max(int(start), 0), directed=False, return_predecessors=False)
    return np.asarray(order[:most])


def _relaxed(n: int, pairs: np.ndarray) -> np.ndarray:
    """Return positions (n, 2): neighbours attract, all others repel (Fruchterman and Reingold)."""
    generator = np.random.default_rng(1)
    place = generator.uniform(-1.0, 1.0, (n, 2))
    ideal = 1.0 / np.sqrt(max(n, 1))
    for step in range(STEPS if n > 1 else 0):
        gap = place[:, None, :] - place[None, :, :]
        distance = np.maximum((gap**2).sum(axis=2), 1e-6)
        force = (gap * (ideal**2 / distance)[:, :, None]).sum(axis=1)
        pull = place[pairs[:, 0]] - place[pairs[:, 1]]
        pull *= (np.linalg.norm(pull, axis=1) / ideal)[:, None]
        np.subtract.at(force, pairs[:, 0], pull)
        np.add.at(force, pairs[:, 1], pull)
        length = np.maximum(np.linalg.norm(force, axis=1), 1e-9)
        place = place + force * (np.minimum(length, 0.1 * (1 - step / STEPS)) / length)[:, None]
    return np.asarray(place)
