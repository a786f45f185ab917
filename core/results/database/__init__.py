"""One database for the results of every software: the same core tables side by side, over time."""

from core.results.database.grid_state import GridState
from core.results.database.parquet import as_parquet, export_parquet
from core.results.database.results import (
    count_unsolved,
    get_bus_data,
    get_data,
    get_farm_data,
    get_generator_data,
    get_line_data,
    get_link_data,
    get_load_data,
    get_outline,
    has_step,
    insert_grid_state,
    insert_grid_states,
    insert_tables,
)
from core.results.database.simulations import (
    Simulation,
    all_or_nothing,
    begin,
    components_of,
    finish,
    remove,
    simulation,
    simulations,
    software_of,
)
from core.results.database.software import SOFTWARE, components, software_key

__all__ = [
    "SOFTWARE",
    "GridState",
    "Simulation",
    "all_or_nothing",
    "as_parquet",
    "begin",
    "components",
    "components_of",
    "count_unsolved",
    "export_parquet",
    "finish",
    "get_bus_data",
    "get_data",
    "get_farm_data",
    "get_generator_data",
    "get_line_data",
    "get_link_data",
    "get_load_data",
    "get_outline",
    "has_step",
    "insert_grid_state",
    "insert_grid_states",
    "insert_tables",
    "remove",
    "simulation",
    "simulations",
    "software_key",
    "software_of",
]
