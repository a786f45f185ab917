"""Distribution feeders: their tables, with the places of assets as PostGIS geometry where the extension is there."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import UserDefinedType

revision = "0006"
down_revision = "0005"

TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "text": sa.Text(),
    "number": sa.Double(),
    "integer": sa.Integer(),
    "yes_no": sa.Boolean(),
}
TABLES = {
    "substations": {
        "text": "id bus phases",
        "number": "voltage_kv v_a_pu v_b_pu v_c_pu angle_a_deg angle_b_deg angle_c_deg r1_ohm x1_ohm r0_ohm x0_ohm",
        "yes_no": "include_impedance in_service",
    },
    "nodes": {
        "text": "id phases",
        "number": "kv_ll_base x y",
    },
    "segments": {
        "text": "id section kind from_node to_node phase to_phases conductor_type origin closed_phases",
        "number": "length_km rating_amps amps_emergency",
        "yes_no": "normally_closed in_service",
    },
    "segment_impedances": {
        "text": "segment",
        "integer": "row column",
        "number": "r_ohm_km x_ohm_km b_us_km",
    },
    "segment_vertices": {
        "text": "segment",
        "integer": "sequence",
        "number": "x y",
    },
    "transformers": {
        "text": "id section kind bank xfmr_type",
        "integer": "phase_count",
        "number": (
            "impedance_pct x_ht_pct x_lt_pct no_load_loss_pct magnetizing_pct floating_ppm amps_normal kva_rating"
        ),
        "yes_no": "leading in_service",
    },
    "transformer_windings": {
        "text": "transformer bus phase connection grounding",
        "integer": "winding tap_steps",
        "number": "kv kva r_pct tap_pu tap_min_pu tap_max_pu r_neutral_ohm x_neutral_ohm",
    },
    "regulators": {
        "text": "id bank transformer phase mode remote_bus",
        "integer": "winding tap_winding tap max_tap_change",
        "number": (
            "reg_setting_v bandwidth_v pt_ratio ct_a r_v x_v delay_s tap_delay_s reverse_vset_v "
            "reverse_band_v reverse_r_v reverse_x_v voltage_limit_v"
        ),
        "yes_no": "reversible in_service",
    },
    "capacitors": {
        "text": "id device bus phase connection equipment control_type control_element",
        "integer": "phase_count control_terminal",
        "number": (
            "kv kvar control_on control_off control_pt_ratio control_ct_ratio control_delay_s "
            "control_delay_off_s control_dead_time_s control_v_min control_v_max"
        ),
        "yes_no": "closed control_voltage_override in_service",
    },
    "loads": {
        "text": "id device bus phase connection model customer_class profile",
        "integer": "phase_count",
        "number": (
            "kv p_kw q_kvar z_p_pct i_p_pct p_p_pct z_q_pct i_q_pct p_q_pct cutoff_pu exponent_p exponent_q "
            "v_min_pu v_max_pu customers kwh connected_kva"
        ),
        "yes_no": "fixed in_service",
    },
    "der": {
        "text": "id device kind bus phase connection model profile",
        "integer": "phase_count",
        "number": "kv kva p_kw q_kvar rated_kw rated_kwh v_min_pu v_max_pu",
        "yes_no": "in_service",
    },
    "meters": {
        "text": "id bus xfmr_id",
        "number": "customers x y",
    },
    "poles": {
        "text": "id material",
        "number": "height_m x y",
    },
    "conductor_catalog": {
        "text": "id",
        "number": "diameter_cm gmr_cm r25_ohm_km r50_ohm_km ampacity_a",
    },
    "spacing_catalog": {
        "text": "id",
        "number": (
            "x1_m y1_m x2_m y2_m x3_m y3_m xn_m yn_m xn2_m yn2_m gmd_phase_m gmd_neutral_m height_phase_m "
            "height_neutral_m"
        ),
    },
    "line_catalog": {
        "text": "id kind",
        "number": (
            "r1_ohm_km x1_ohm_km r0_ohm_km x0_ohm_km b1_us_km b0_us_km r_aa_ohm_km r_bb_ohm_km r_cc_ohm_km "
            "x_aa_ohm_km x_bb_ohm_km x_cc_ohm_km b_aa_us_km b_bb_us_km b_cc_us_km r_ab_ohm_km r_bc_ohm_km "
            "r_ca_ohm_km x_ab_ohm_km x_bc_ohm_km x_ca_ohm_km b_ab_us_km b_bc_us_km b_ca_us_km ampacity_a"
        ),
    },
    "transformer_catalog": {
        "text": "id conn_type",
        "yes_no": "single_phase ltc",
        "number": (
            "kva kv_primary kv_secondary z1_pct z0_pct xr1 xr0 no_load_kw magnetizing_pct max_boost_pct "
            "max_buck_pct kv_tertiary kva_secondary kva_tertiary z1_ht_pct z1_lt_pct xr1_ht xr1_lt"
        ),
        "integer": "steps",
    },
    "regulator_catalog": {
        "text": "id",
        "number": "kva kv_ln max_boost_pct max_buck_pct band_v ct_a pt_ratio",
        "integer": "steps",
    },
    "capacitor_catalog": {
        "text": "id",
        "number": "kvar kv",
    },
    "switch_catalog": {
        "text": "id kind",
        "number": "amps kv_ll",
    },
}
#: Tables whose rows belong to a feeder and have a place on the map.
ASSETS = (
    "substations",
    "nodes",
    "segments",
    "transformers",
    "regulators",
    "capacitors",
    "loads",
    "der",
    "meters",
    "poles",
)


class Named(UserDefinedType[Any]):
    """A type of the database's own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name."""
        return self.name


def upgrade() -> None:
    """Create the tables of models, their feeders and the feeders' assets and equipment."""
    geometry = _geometry()
    op.create_table(
        "feeder_models",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("project", sa.String(12)),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frequency_hz", sa.Double(), nullable=False),
        sa.Column("crs", sa.Text(), nullable=False),
        sa.Column("studies", sa.JSON(), nullable=False),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        _refers("feeder_models", "project", "projects"),
        sa.PrimaryKeyConstraint("id", name="pk_feeder_models"),
    )
    op.create_index("ix_feeder_models_project", "feeder_models", ["project"])
    op.create_table(
        "feeders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.String(12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("substation_id", sa.Text()),
        sa.Column("head_device", sa.Text()),
        sa.Column("geom", geometry),
        _refers("feeders", "model_id", "feeder_models"),
        sa.PrimaryKeyConstraint("id", name="pk_feeders"),
        sa.UniqueConstraint("model_id", "name", name="uq_feeders_model_id_name"),
    )
    numbers = "voltage_pu voltage_kv angle_deg loading_pct i_a_a i_b_a i_c_a i_max_a"
    columns = _columns({"text": "bus_id phase branch_id", "number": numbers})
    _create_rows("cyme_validation", [*columns, sa.Column("source", sa.Text(), nullable=False)])
    for name, declared in TABLES.items():
        columns = _columns({"text": "source_file source_section", "integer": "source_row"}) + _columns(declared)
        if name in ASSETS:
            columns += [sa.Column("feeder_id", sa.Integer()), _refers(name, "feeder_id", "feeders")]
            columns += [sa.Column("geom", geometry)]
        _create_rows(name, columns)


def _geometry() -> sa.types.TypeEngine[Any]:
    """Return the type of shapes: PostGIS's geometry, in a schema of its own unless it is in the database already."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return sa.LargeBinary()
    place = sa.text(
        "SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'postgis'"
    )
    schema = connection.execute(place).scalar()
    available = sa.text("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'")
    if schema is None and connection.execute(available).scalar():
        try:
            with connection.begin_nested():
                connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS gis"))
                connection.execute(sa.text("CREATE EXTENSION postgis SCHEMA gis"))
            schema = "gis"
        except sa.exc.DBAPIError:  # only an administrator may: shapes are kept as text
            schema = None
    return Named(f'"{schema}".geometry') if schema else sa.Text()


def _columns(declared: dict[str, str]) -> list[Any]:
    return [sa.Column(name, TYPES[kind]) for kind, names in declared.items() for name in names.split()]


def _create_rows(table: str, columns: list[Any]) -> None:
    op.create_table(
        table,
        sa.Column("model_id", sa.String(12), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *columns,
        _refers(table, "model_id", "feeder_models"),
        sa.PrimaryKeyConstraint("model_id", "position", name=f"pk_{table}"),
    )


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{other}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")
