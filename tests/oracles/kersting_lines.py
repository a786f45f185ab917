"""Published impedance matrices of lines.

W. H. Kersting, "Radial distribution test feeders", IEEE PES Winter Meeting 2001: configuration 601 of the 13-node
feeder. Ohm and microsiemens a mile; phases in the order A B C.
"""

Z601_OHM_MILE = (
    (0.3465 + 1.0179j, 0.1560 + 0.5017j, 0.1580 + 0.4236j),
    (0.1560 + 0.5017j, 0.3375 + 1.0478j, 0.1535 + 0.3849j),
    (0.1580 + 0.4236j, 0.1535 + 0.3849j, 0.3414 + 1.0348j),
)
B601_US_MILE = ((6.2998, -1.9958, -1.2595), (-1.9958, 5.9597, -0.7417), (-1.2595, -0.7417, 5.6386))

#: Configuration 601: spacing 500 (feet), phases B A C N, 556.5 kcmil ACSR and 4/0 ACSR neutral.
X_FT = {"B": 0.0, "A": 2.5, "C": 7.0, "N": 4.0}
Y_FT = {"B": 28.0, "A": 28.0, "C": 28.0, "N": 24.0}
PHASE = {"r_ohm_mile": 0.1859, "gmr_ft": 0.0313, "diameter_in": 0.927}
NEUTRAL = {"r_ohm_mile": 0.592, "gmr_ft": 0.00814, "diameter_in": 0.563}
