"""Places, bits and sites as numbers; what there is not is told with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from campaign_kit import SMALL, invented, written

from k5.campaign.rig import Rig
from k5.errors import K5Error
from k5.scenario.match import TASK

pytestmark = pytest.mark.usefixtures("invented")
__all__ = ["invented"]


def problem(path: Path) -> str:
    with pytest.raises(K5Error) as found:
        Rig(path).close()
    return str(found.value)


def test_every_number_is_one_trial_and_all_of_the_product_are_there() -> None:
    with Rig(SMALL) as rig:
        space = rig.space
        batch = space.batch(np.arange(space.size), rig.golden.trial_type)
        trials = batch.trials
        found = set(zip(trials["instructions"].tolist(), trials["fault.where"].tolist(),
                        trials["fault.mask"].tolist(), strict=True))  # fmt: skip
        sites = space.blocks[0].sites.tolist()
        masks = [1 << bit for bit in (0, 1, 2, 3, 28, 29, 30, 31)]
        assert found == {
            (site, where, mask) for site in sites for where in (0, 13) for mask in masks
        }
        assert len(found) == space.size == batch.ids.size


def test_a_registers_fault_is_the_running_threads_and_touches_its_task() -> None:
    with Rig(SMALL) as rig:
        batch = rig.space.batch(np.arange(rig.space.size), rig.golden.trial_type)
        threads = rig.sites.threads[batch.sites]
        assert set(threads.tolist()) == {0, 1}
        assert (batch.trials["fault.thread"] == threads).all()
        assert (batch.trials["touched"] == 1 << threads.astype("i8")).all()
        targets = list(rig.space.targets())
        for target, thread in zip(batch.targets.tolist(), threads.tolist(), strict=True):
            assert targets[target].thread == ("foo", "bar")[thread]


def test_any_numbers_come_in_the_order_of_their_sites() -> None:
    with Rig(SMALL) as rig:
        ids = np.array([rig.space.size - 1, 3, 500, 4])
        batch = rig.space.batch(ids, rig.golden.trial_type)
        assert sorted(batch.ids.tolist()) == sorted(ids.tolist())
        assert (np.diff(batch.trials["instructions"].astype("i8")) >= 0).all()
        assert batch.ids[0] in (3, 4) and batch.ids[-1] == rig.space.size - 1


def test_the_scout_knows_whose_each_instruction_is() -> None:
    with Rig(SMALL) as rig:
        first = rig.scouted.start.instructions
        for site in range(0, rig.sites.count, 7):
            thread, instructions = int(rig.sites.threads[site]), first + site
            task = rig.built.meta["threads"][thread]["task"]
            text = next(r for r in rig.built.meta["tasks"][rig.names.tasks.index(task)]["regions"]
                        if r["kind"] == "text")  # fmt: skip
            pc = rig.sites.site(instructions).pc
            assert text["base"] <= pc < text["base"] + text["bytes"]


def test_functions_and_lines_choose_sites(tmp_path: Path) -> None:
    by_name = written(tmp_path, '[[inject]]\nmodel = "skip"\nfunctions = ["bar.serve"]\n')
    with Rig(by_name) as rig:
        sites = rig.space.blocks[0].sites.tolist()
        places = [rig.sites.place(site) for site in sites]
        assert sites and {place.function for place in places if place} == {"serve"}
    by_line = written(tmp_path, '[[inject]]\nmodel = "skip"\nsource_lines = ["foo.c:33"]\n')
    with Rig(by_line) as rig:
        places = [rig.sites.place(site) for site in rig.space.blocks[0].sites.tolist()]
        assert places and {place.line for place in places if place} == {33}


def test_memory_is_named_by_symbols(tmp_path: Path) -> None:
    inject = '[[inject]]\nmodel = "memory"\nranges = ["bar.text", "foo.stack"]\nevery = 50\n'
    inject = inject.replace("bar.text", "foo.work_done")
    with Rig(written(tmp_path, inject)) as rig:
        block = rig.space.blocks[0]
        stack = rig.built.meta["tasks"][0]["stack"]
        words = [place.where for place in block.places]
        assert words[0] == rig.machine.address("foo", "work_done")
        assert words[1:] == list(range(stack["base"], stack["top"], 4))
        assert all(place.touched == 1 for place in block.places)


def test_every_nth_instruction(tmp_path: Path) -> None:
    with Rig(written(tmp_path, '[[inject]]\nmodel = "skip"\nevery = 10\n')) as rig:
        assert (np.diff(rig.space.blocks[0].sites) == 10).all()


@pytest.mark.parametrize(
    ("inject", "said"),
    [
        ('model = "register"\ntasks = ["fooo"]', "no task or thread 'fooo' (did you mean 'foo'?)"),
        ('model = "register"\nregisters = ["r99"]', "no register 'r99'"),
        ('model = "memory"\nranges = ["foo.work_don"]', "(did you mean 'work_done'?)"),
        ('model = "memory"\nranges = ["0x10-0x20"]', "outside of the memory of mps2-an505"),
        ('model = "memory"\nranges = ["foo"]', "is no range"),
        ('model = "skip"\nfunctions = ["srve"]', "(did you mean 'serve'?)"),
        ('model = "skip"\nsource_lines = ["foo.c"]', 'is not like "foo.c:33"'),
        ('model = "skip"\nsource_lines = ["foo.c:1"]', "no instruction at foo.c:1 is executed"),
        ('model = "skip"\ntasks = ["score"]', "the space is empty: no instruction of task score"),
        ('model = "line-drop"', "no task of this system has an interrupt"),
        ('model = "pin-stuck"\npins = ["LED9"]', "no pin of mps2-an505 'LED9'"),
        ('model = "message"\nwords = [7]', "no word of a message: '7'"),
        ('model = "region-drop"\nregions_of = ["fo"]', "no task 'fo' (did you mean 'foo'?)"),
    ],
)
def test_what_there_is_not(tmp_path: Path, inject: str, said: str) -> None:
    window = 'from = { log = "bar says 1 + 1" }\nuntil = { log = "bar says 2 + 4" }\n'
    path = written(tmp_path, f"[[inject]]\n{inject}\n", window)
    found = problem(path)
    assert f"c.toml:{path.read_text().splitlines().index('[[inject]]') + 1}: " in found
    assert said in found


@pytest.mark.parametrize(
    ("window", "line", "said"),
    [
        ('until = { log = "no such line" }\n', 5, "no log line that can contain"),
        ('until = { log = "bar says", nth = 99 }\n', 5, "does not come in the run without a fault"),
        ('from = "10us"\nuntil = "5us"\n', 4, "the window is empty"),
        ("until = { instructions = 99_000_000 }\n", 5, "the run has only"),
        ('until = "30us"\nend = "20us"\n', 6, "before the window"),
        ('until = "30us"\nend = { fault = "any", task = "foo" }\n', 6, "does not come"),
    ],
)
def test_windows_that_are_none(tmp_path: Path, window: str, line: int, said: str) -> None:
    found = problem(written(tmp_path, '[[inject]]\nmodel = "skip"\n', window))
    assert f"c.toml:{line}: " in found and said in found


def test_trusted_tasks_are_known(tmp_path: Path) -> None:
    path = written(tmp_path, '[[inject]]\nmodel = "skip"\n', head='trusted = ["baz"]\n')
    assert "c.toml:4: no task 'baz' (did you mean 'bar'?)" in problem(path)


def test_nothing_may_come_from_outside_in_the_window(tmp_path: Path) -> None:
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        f'[scenario]\nsystem = "{SMALL.parents[2]}/user/demo/brief.toml"\nuntil = "1ms"\n'
        '[[do]]\nat = "30us"\nkill = "tick"\n[[expect]]\nlog = "bar says"\n'
    )
    path = written(tmp_path, '[[inject]]\nmodel = "skip"\n', 'from = "20us"\nuntil = "40us"\n')
    path.write_text(path.read_text().replace("brief.toml", "x.toml"))
    text = path.read_text().splitlines()
    text[1] = f'scenario = "{scenario}"'
    path.write_text("\n".join(text))
    assert "s.toml:6: stimulus 'kill tick' comes at 30 us" in problem(path)
    path.write_text(path.read_text().replace('from = "20us"', 'from = "30us"'))
    with Rig(path) as rig:
        assert rig.scouted.start.tick == 600
        tick = rig.names.tasks.index("tick")
        assert any(event.kind == TASK and event.args[0] == tick for event in rig.prefix)


def test_a_scenario_that_fails_by_itself_is_no_golden_run(tmp_path: Path) -> None:
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        f'[scenario]\nsystem = "{SMALL.parents[2]}/user/demo/brief.toml"\nuntil = "1ms"\n'
        '[[never]]\nlog = "hello, I am foo"\n'
    )
    path = tmp_path / "c.toml"
    path.write_text('[campaign]\nscenario = "s.toml"\n[[inject]]\nmodel = "skip"\n')
    found = problem(path)
    assert "the scenario fails without any fault" in found and "s.toml:4" in found
