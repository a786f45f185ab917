"""Line impedances from geometry against Kersting's published matrices."""

from __future__ import annotations

import numpy as np
import pytest

from core.feeder import from_sequence
from core.feeder.line_constants import Wires, distances, line_matrices
from tests.oracles import kersting_lines as published

FOOT, MILE = 0.3048, 1.609344


def configuration_601() -> Wires:
    order = "ABCN"
    x = np.array([published.X_FT[name] for name in order]) * FOOT
    y = np.array([published.Y_FT[name] for name in order]) * FOOT
    wires = [published.PHASE] * 3 + [published.NEUTRAL]
    return Wires(
        np.array([wire["r_ohm_mile"] for wire in wires]) / MILE,
        np.array([wire["gmr_ft"] for wire in wires]) * FOOT,
        np.array([wire["diameter_in"] for wire in wires]) * 0.0254 / 2,
        distances(x, y),
        y,
    )


def test_geometry_gives_the_published_matrices_of_configuration_601() -> None:
    made = line_matrices(configuration_601(), 3, frequency_hz=60.0)
    np.testing.assert_allclose(made.z_ohm_km * MILE, published.Z601_OHM_MILE, atol=2e-4)
    np.testing.assert_allclose(made.b_us_km * MILE, published.B601_US_MILE, atol=0.02)


def test_a_line_without_neutral_has_the_earths_mutual_resistance() -> None:
    wires = configuration_601()
    bare = Wires(wires.r_ohm_km[:3], wires.gmr_m[:3], wires.radius_m[:3], wires.distance_m[:3, :3], wires.height_m[:3])
    made = line_matrices(bare, 3, frequency_hz=60.0)
    assert made.z_ohm_km[0, 1].real == pytest.approx(np.pi**2 * 60e-4)


def test_sequence_values_come_back_from_the_phase_matrix() -> None:
    z1, z0 = 0.2 + 0.4j, 0.6 + 1.2j
    matrices = from_sequence(z1, z0, 4.0, 2.0, 3)
    a = np.exp(2j * np.pi / 3)
    turn = np.array([[1, 1, 1], [1, a**2, a], [1, a, a**2]])
    sequence = np.linalg.inv(turn) @ matrices.z_ohm_km @ turn
    np.testing.assert_allclose(sequence, np.diag([z0, z1, z1]), atol=1e-12)
