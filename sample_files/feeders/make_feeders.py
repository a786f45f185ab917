"""Make the sample feeders: like the IEEE 13- and 123-node feeders in size and kind, with numbers of our own.

``python -m sample_files.feeders.make_feeders`` writes each as a CYME text export with a GeoJSON of the same assets, as
OpenDSS scripts, and one table of profiles over a year. The same seed gives the same bytes.
"""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import numpy as np
import pandas as pd

from core.engines.opendss import SolveOptions
from core.feeder import Feeder
from core.feeder.places import INTERNAL
from core.formats.cyme import read_cyme
from core.formats.opendss import script_of
from core.studies.feeder_flow import solve_feeder

HERE = Path(__file__).resolve().parent
LAYOUT = HERE / "layout"
#: Where the feeders lie [degrees], in open country.
ORIGINS = {"village13": (15.42, 48.21), "town123": (15.61, 48.33)}
SIZES = {"village13": (13, 4.16, 5), "town123": (123, 4.16, 7)}
LATERALS = ("ABC", "A", "B", "C", "AC", "BC")


def main() -> None:
    """Write everything."""
    for name, (nodes, kv, seed) in SIZES.items():
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        tree = grow(nodes, random.Random(seed))
        write_cyme(folder, name, kv, tree, random.Random(seed + 1))
        write_geojson(folder, name, tree)
        feeder = read_cyme([folder / f"{part}.txt" for part in ("network", "equipment", "load")]).value
        (folder / "opendss").mkdir(exist_ok=True)
        for file, text in script_of(feeder).files.items():
            (folder / "opendss" / file).write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")
        write_results(folder, feeder)
    write_profiles()


Node = dict[str, object]


def grow(count: int, chance: random.Random) -> list[Node]:
    """Return nodes from the head on: a three-phase trunk with laterals; coordinates in metres."""
    nodes: list[Node] = [{"id": "1", "parent": "", "phases": "ABC", "x": 0.0, "y": 0.0, "way": 0.0}]
    nodes.append({"id": "2", "parent": "1", "phases": "ABC", "x": 60.0, "y": 0.0, "way": 0.0})
    while len(nodes) < count:
        trunk = chance.random() < 0.5 or len(nodes) < 5
        able = [node for node in nodes[1:] if node["phases"] == "ABC"] if trunk else nodes[2:] or nodes[1:]
        parent = able[-1] if trunk and chance.random() < 0.7 else chance.choice(able)
        phases = "ABC" if trunk else chance.choice([p for p in LATERALS if set(p) <= set(str(parent["phases"]))])
        way = float(str(parent["way"])) + (chance.uniform(-0.4, 0.4) if trunk else chance.choice((-1, 1)) * math.pi / 2)
        length = chance.uniform(90.0, 260.0) * (1.6 if count < 50 else 0.8)
        x, y = (float(str(parent[axis])) + length * turn for axis, turn in (("x", math.cos(way)), ("y", math.sin(way))))
        nodes.append({"id": str(len(nodes) + 1), "parent": parent["id"], "phases": phases, "x": x, "y": y, "way": way})
    return nodes


def length_m(node: Node, nodes: dict[str, Node]) -> float:
    """Return the length of the line that feeds a node."""
    parent = nodes[str(node["parent"])]
    return math.hypot(*(float(str(node[axis])) - float(str(parent[axis])) for axis in "xy"))


def write_cyme(folder: Path, name: str, kv: float, tree: list[Node], chance: random.Random) -> None:
    """Write network, equipment and load files from the layouts beside this script."""
    by_id = {str(node["id"]): node for node in tree}
    lines = tree[2:]
    end = next(node for node in reversed(tree) if node["phases"] == "ABC")
    positions = {"ABC": 9, "AC": 4, "BC": 6, "A": 0, "B": 1, "C": 2}
    rows, sections, loads, values = [], [], [], []
    for node in lines:
        phases, section = str(node["phases"]), f"S{node['id']}"
        spacing = {3: "THREE", 2: "TWO", 1: "ONE"}[len(phases)]
        conductors = ",".join(("C336" if len(phases) == 3 else "C1/0") if p in phases else "NONE" for p in "ABC")
        rows.append(
            f"{section},L{node['id']},{conductors},C4/0,{spacing},{length_m(node, by_id):.1f},0,{positions[phases]},0"
        )
        sections.append(f"{section},{node['parent']},{node['id']},{phases}")
        if chance.random() < 0.7:
            loads.append(f"{section},D{node['id']},,0,SPOT,0,1")
            for phase in phases:
                kw = round(chance.uniform(10, 28) * (3.2 if len(tree) < 50 else 1.0))
                values.append(
                    f"{section},D{node['id']},SPOT,D{node['id']},{chance.choice(('HOME', 'SHOP'))},0,0,-1,1,0,0,0,"
                    f"{phase},{kw},{round(kw * 0.42)},0,0,{max(1, kw // 4)}"
                )
    points = "\n".join(f"{node['id']},{float(str(node['x'])):.2f},{float(str(node['y'])):.2f}" for node in tree)
    filled = {
        "name": name,
        "kv": kv,
        "kv_ln": round(kv / math.sqrt(3), 6),
        "nodes": points,
        "lines": "\n".join(rows),
        "sections": "\n".join(sections),
        "cap": f"S{end['id']}",
        "cap_kvar": 100 if len(tree) < 50 else 200,
        "loads": "\n".join(loads),
        "values": "\n".join(values),
        "end": end["id"],
        "low": "LV",
        "low_x": float(str(end["x"])) + 20,
        "low_y": float(str(end["y"])),
    }
    for part in ("network", "equipment", "load"):
        text = (LAYOUT / f"{part}.txt").read_text(encoding="utf-8").format(**filled)
        (folder / f"{part}.txt").write_text(text, encoding="cp1252", newline="\n")


def write_geojson(folder: Path, name: str, tree: list[Node]) -> None:
    """Write buses and lines with the ids of the CYME export, in degrees."""
    lon, lat = ORIGINS[name]
    scale = 111_320 * math.cos(math.radians(lat))

    def point(node: Node) -> list[float]:
        return [round(lon + float(str(node["x"])) / scale, 7), round(lat + float(str(node["y"])) / 111_320, 7)]

    by_id = {str(node["id"]): node for node in tree}
    low = {"id": "LV", "x": float(str(tree[-1]["x"])), "y": float(str(tree[-1]["y"]))}
    low = next({**low, "x": float(str(n["x"])) + 20, "y": n["y"]} for n in reversed(tree) if n["phases"] == "ABC")
    features = [(f"{node['id']}", "bus", {"type": "Point", "coordinates": point(node)}, {}) for node in [*tree, low]]
    for node in tree[2:]:
        ends = {"from_node": node["parent"], "to_node": node["id"], "phases": node["phases"]}
        path = [point(by_id[str(node["parent"])]), point(node)]
        features.append((f"L{node['id']}", "line", {"type": "LineString", "coordinates": path}, ends))
    document = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"id": i, "type": k, **p}, "geometry": g} for i, k, g, p in features
        ],
    }
    (folder / f"{name}.geojson").write_text(json.dumps(document, indent=0) + "\n", encoding="utf-8", newline="\n")


def write_results(folder: Path, feeder: Feeder) -> None:
    """Write what a study program would print for the feeder: nodes and sections."""
    (folder / "results").mkdir(exist_ok=True)
    solved = solve_feeder(feeder, SolveOptions(hold_taps=True))
    drawn = solved.nodes[~solved.nodes["bus"].str.contains(INTERNAL, regex=False)]
    volts = drawn.pivot(index="bus", columns="phase", values="v_pu").rename(columns="Vpu{}".format)
    volts.rename_axis("NodeId").round(4).to_csv(folder / "results" / "nodes.csv", lineterminator="\n")
    rated = solved.branches.dropna(subset=["loading_pct"])[["id", "i_a_a", "i_b_a", "i_c_a", "loading_pct"]]
    named = rated.set_axis(["EquipmentNo", "IA", "IB", "IC", "Loading"], axis="columns").astype({"Loading": float})
    named.round(2).to_csv(folder / "results" / "sections.csv", index=False, lineterminator="\n")


def write_profiles() -> None:
    """Write a year of hourly multipliers: homes, shops and the sun."""
    rng = np.random.default_rng(20260101)
    hour = np.arange(8760)
    day, of_day = hour // 24, hour % 24
    season = np.cos(2 * np.pi * (day - 15) / 365)
    weekday = day % 7 < 5
    home = 0.42 + 0.14 * season + 0.22 * np.exp(-((of_day - 19) ** 2) / 8) + 0.1 * np.exp(-((of_day - 7) ** 2) / 4)
    shop = 0.3 + np.where(weekday, 0.5, 0.2) * np.exp(-((of_day - 13) ** 4) / 900) + 0.08 * np.abs(season)
    sun = (
        np.clip(np.sin(np.pi * (of_day - 6) / 12), 0, None)
        * (0.6 - 0.3 * season)
        * np.repeat(rng.uniform(0.3, 1.0, 365), 24)
    )
    noise = rng.normal(0, 0.02, (2, 8760))
    table = (
        pd.DataFrame({"hour": hour, "HOME": home + noise[0], "SHOP": shop + noise[1], "pv": sun}).clip(lower=0).round(3)
    )
    table.to_csv(HERE / "profiles.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
