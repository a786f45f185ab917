"""What a picture shows, read from its SVG."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

NS = "{http://www.w3.org/2000/svg}"
SIZES = {"label": 10, "value": 9.5, "flag": 9.5, "heading": 15}


def elements(svg: str) -> list[str]:
    return [g.attrib["data-id"] for g in ElementTree.fromstring(svg).iter(f"{NS}g") if "data-id" in g.attrib]


def text_boxes(svg: str) -> list[tuple[str, float, float, float, float]]:
    boxes = []
    for text in ElementTree.fromstring(svg).iter(f"{NS}text"):
        size = SIZES.get(text.attrib["class"])
        if size is None:
            continue
        words = "".join(text.itertext())
        width = 0.56 * size * len(words)
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        left = x - {"start": 0, "middle": width / 2, "end": width}[text.attrib.get("text-anchor", "start")]
        boxes.append((words, left, y - 0.75 * size, left + width, y + 0.2 * size))
    return boxes


def overlaps(svg: str) -> list[tuple[str, str]]:
    return [
        (a[0], b[0])
        for a, b in combinations(text_boxes(svg), 2)
        if a[1] < b[3] and b[1] < a[3] and a[2] < b[4] and b[2] < a[4]
    ]
