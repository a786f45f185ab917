"""A loop that is kept: stopped, resumed, decided by hand, and fed by outside tools."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from core.constraints import Alternative, ConstraintUpdate
from core.criteria import StageVerdict, State
from core.design.ledger import constraints
from core.design.placement import place
from core.design.requirement import Requirement
from core.design.sizing import size
from core.design.technology import shipped_technologies
from core.documents import digest
from core.errors import BadInput, Conflict
from core.findings import Source
from core.plant import Plant
from core.project import Decision, Workspace, loop_turn, loops
from core.project.loops import Loop
from core.results.study_result import Provenance, Status, StudyResult, result_table
from core.store import Store
from core.validation import Validation

SMALL = Requirement(
    load_mw=(40.0,), technologies=tuple(t for t in shipped_technologies() if t.id in {"RECIP_18", "BESS"})
)


@pytest.fixture
def project(store):
    return Workspace(store).create("Campus", Plant.of("Campus", {}).to_document())


@pytest.fixture(autouse=True)
def studies(monkeypatch):
    """Stand in for the studies: the voltage of a hall wants 5 Mvar more each round until it has 15."""
    counts = {"judged": 0}

    def judged(plant, requirement, *, uploaded=None, **_):
        counts["judged"] += 1
        old = requirement.equipment.get("BUS_HALL_1", {}).get("reactive_support_mvar", 0.0)
        if old >= 15.0:
            return Validation(State.PASS, [StageVerdict("2a", "Load flow", State.PASS)], [], [], [], [])
        other = Alternative("reactive_support_mvar", "BUS_HALL_1", old, 15.0, "Mvar", "at once")
        update = ConstraintUpdate(
            "reactive_support_mvar", "BUS_HALL_1", old, old + 5.0, "Mvar", "low", {"computed_from": {}}, (other,)
        )
        return Validation(State.FAIL, [StageVerdict("2a", "Load flow", State.FAIL)], [], [update], [], [])

    monkeypatch.setattr(loop_turn, "judged", judged)
    return counts


def begin(project, **options):
    return loops.begin(project, SMALL, start="usual", limit=6, **options)


def test_a_loop_runs_to_its_end_and_every_round_is_kept_with_its_plant(project):
    done = loop_turn.run(project, begin(project))
    assert (done.state, done.converged, len(done.rounds)) == ("passed", True, 4)
    kept = loops.latest(project).as_dict()
    assert kept == done.as_dict()
    assert [
        row["value"] for each in kept["rounds"][1:] for row in each["constraints"] if row["element"] != "PLANT"
    ] == [
        5.0,
        10.0,
        15.0,
    ]
    assert Plant.from_document(project.plant_at(done.rounds[-1].revision)).digest() == done.rounds[-1].plant_sha256


def test_a_loop_that_died_in_the_studies_goes_on_without_sizing_the_round_again(project, monkeypatch, studies):
    whole = loop_turn.turn(project, begin(project))

    def dies(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop_turn, "judged", dies)
        with pytest.raises(KeyboardInterrupt):
            loop_turn.turn(project, whole)
    found = loops.latest(project)
    assert [each.is_whole for each in found.rounds] == [True, False]
    again = loop_turn.turn(project, found)
    assert [each.is_whole for each in again.rounds] == [True, True]
    assert again.rounds[1].at == found.rounds[1].at


MANY = 10**6


def rounds_of(loop) -> list[tuple]:
    """Return what a round is known by, without times and revisions."""
    documents = [each.as_dict() for each in loop.rounds]
    updates = [[(update["taken"], update["decision"]) for update in each["updates"]] for each in documents]
    known = [(each["number"], each["constraints"], each["plant_sha256"], each["overall"]) for each in documents]
    return list(zip(known, updates, strict=True))


def test_a_loop_killed_in_the_midst_goes_on_and_no_round_is_lost_or_doubled(store, monkeypatch):
    design, placed = size(SMALL), {}  # the updates here are the placement's

    def place_once(_, requirement):
        key = digest(constraints(requirement))
        return placed[key] if key in placed else placed.setdefault(key, place(design, requirement))

    monkeypatch.setattr(loop_turn, "designed", lambda *_: design)
    monkeypatch.setattr(loop_turn, "place", place_once)
    writing, left = Store.writing, [MANY]

    @contextmanager
    def mortal(self):
        with writing(self) as connection:
            yield connection
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(Store, "writing", mortal)

    def until_its_end(name: str, writes: int) -> Loop:
        campus = Workspace(store).create(name, Plant.of("Campus", {}).to_document())
        loop = begin(campus)
        left[0] = writes
        with suppress(KeyboardInterrupt):
            loop_turn.run(campus, loop)
        done.append(writes - left[0])
        left[0] = MANY
        last = loops.latest(campus)
        return last if last.ended else loop_turn.run(campus, last)

    done: list[int] = []  # writes of each loop, until it was killed or ended
    whole = until_its_end("whole", MANY)
    assert whole.converged
    assert len(whole.rounds) == 4
    for writes in range(1, done[0] + 1, 2):
        again = until_its_end(f"killed after {writes}", writes)
        assert done[-1] == writes
        assert rounds_of(again) == rounds_of(whole), writes


def test_what_the_engineer_decides_between_rounds_is_what_the_next_round_has(project):
    first = loop_turn.turn(project, begin(project), manual=True)
    open_one = first.rounds[0].proposals[0]
    assert open_one.state is Decision.PROPOSED
    project.decide(open_one.id, Decision.ACCEPTED, choice=1)
    second = loop_turn.turn(project, loops.latest(project), manual=True)
    assert second.state == "passed"
    assert second.rounds[0].as_dict()["updates"][0]["taken"]["value"] == 15.0


def test_an_update_that_was_rejected_ends_the_loop_instead_of_being_taken(project):
    first = loop_turn.turn(project, begin(project), manual=True)
    project.decide(first.rounds[0].proposals[0].id, Decision.REJECTED, reason="no room for a bank")
    assert loop_turn.turn(project, loops.latest(project), manual=True).state == "no update left"


def test_a_loop_that_used_up_its_rounds_goes_on_when_it_is_allowed_more(project):
    short = loop_turn.run(project, loops.begin(project, SMALL, start="usual", limit=1))
    assert short.state == "round limit"
    with pytest.raises(Conflict):
        loop_turn.turn(project, short)
    assert loop_turn.run(project, loops.extended(project, short, 6)).converged


def availability(file: bytes, block: str = "SYSTEM") -> tuple:
    rows = [{"block": block, "availability": 0.9999}]
    table = result_table("availability", "blocks", rows)
    made = Provenance(tool="Windchill", source=Source("ram.csv", "0" * 64))
    return (file, "ram.csv", [StudyResult("availability", {"blocks": table}, Status.UNKNOWN, made)], {})


def test_a_loop_waits_for_an_upload_and_takes_only_what_belongs_to_the_rounds_plant(project, studies):
    project.add_imports([availability(b"before the loop")])
    waiting = loop_turn.run(project, begin(project, uploaded=["availability"]))
    assert waiting.state == "waiting for an upload"
    assert "another plant" in waiting.reason
    assert studies["judged"] == 0
    project.add_imports([availability(b"before the loop")])
    assert loops.uploads(project, waiting).due == ["availability"]
    project.add_imports([availability(b"foreign", "SOMETHING_ELSE")])
    assert "SOMETHING_ELSE" in loops.uploads(project, waiting).text
    project.add_imports([availability(b"of round 1")])
    going = loop_turn.run(project, loops.latest(project))
    assert (going.state, len(going.rounds)) == ("passed", 4)  # a bank more is nothing that the availability looks at
    assert len(going.rounds[-1].judgement.imports) == 1


def test_an_upload_counts_no_longer_when_what_its_study_looks_at_has_changed(project):
    waiting = loop_turn.run(project, begin(project, uploaded=["availability"]))
    project.add_imports([availability(b"of round 1")])
    document = project.plant_document
    rows = [row | {"mttr_h": 1.0} for row in document["tables"]["reliability"]]
    project.save_plant({**document, "tables": {**document["tables"], "reliability": rows}}, "faster", project.revision)
    with project.store.writing() as connection:
        changed = {"plant_sha256": project.plant_sha256, "revision": project.revision}
        connection.execute(loops.loop_rounds.update().values(changed))
    found = loops.uploads(project, loops.read(project, waiting.id))
    assert found.due == ["availability"]
    assert "another plant" in found.text


def test_a_study_that_no_stage_knows_is_refused(project):
    with pytest.raises(BadInput):
        begin(project, uploaded=["weather"])


def test_a_requirement_without_a_design_ends_the_loop_in_words(project):
    poor = replace(SMALL, bounds={**SMALL.bounds, "budget_usd": 1.0})
    ended = loop_turn.run(project, loops.begin(project, poor, start="usual", limit=3))
    assert ended.state == "infeasible"
    assert "budget" in ended.reason
    assert ended.as_dict()["overall"] == "FAIL"
