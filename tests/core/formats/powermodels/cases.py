"""A small case with all that the dictionary has to bend."""

from __future__ import annotations

from typing import Any

from core.formats.powermodels import (
    parse_file,
)

CASE = """function mpc = small
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
	1	3	0	0	0	0	1	1.02	0	110	1	1.1	0.9;
	2	2	50	20	1	5	1	1	-2	110	1	1.1	0.9;
	5	1	30	0	0	0	1	1	-3	20	1	1.1	0.9;
	6	4	10	0	0	0	1	1	0	20	1	1.1	0.9;
];
mpc.gen = [
	1	40	5	Inf	-50	1.02	100	1	200	0;
	2	45	5	50	-50	1	100	1	60	10;
];
mpc.branch = [
	1	2	0.01	0.1	0.02	100	0	0	0	0	1	-360	360;
	2	5	0.002	0.08	0.01	50	50	50	1.05	5	1	0	0;
	5	2	0.003	0.09	0.01	50	50	50	0.97	-5	1	-30	30;
	5	6	0.01	0.1	0	50	50	50	0	0	0	-30	30;
];
mpc.gencost = [
	2	0	0	3	0	20	5	0	0	0;
	1	0	0	3	0	0	30	600	60	1500;
];
%column_names%	f_bus t_bus br_r br_x br_b rate_a rate_b rate_c tap shift br_status angmin angmax building_cost
mpc.ne_branch = [
	1	5	0.01	0.1	0.02	100	0	0	0	0	1	-30	30	7;
];
mpc.switch = [
	5	6	0	0	1	100	1;
];
"""


def small(**options: bool) -> dict[str, Any]:
    return parse_file(CASE.encode(), "small.m", **options).value
