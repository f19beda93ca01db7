"""The list of samplers: what it says about each, and how settings are checked."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from treecore.errors import MethodError
from treecore.registry.citation import Citation
from treecore.samplers import SAMPLERS, Expand, Growing, Growth, get_sampler, sampler


def test_json_has_the_fields_of_the_contract() -> None:
    described = SAMPLERS["random_expansion"].as_json()
    assert {"name", "title", "family", "formula", "citation", "needs", "parameters"} <= described.keys()
    assert [(p["name"], p["default"]) for p in described["parameters"]] == [("m", 2), ("n", 2), ("l", 1)]
    assert all(p["meaning"] and p["type"] == "int" and "minimum" in p for p in described["parameters"])
    assert described["summary"].startswith("Write m answers")
    assert "2509.21240" in described["citation"]


def test_settings_are_parsed_from_text_and_checked() -> None:
    chains = get_sampler("chains")
    assert chains.parse({"m": "7"}) == {"m": 7}
    assert chains.trajectories({}) == 4
    with pytest.raises(MethodError, match=r"chains.*m='0' is not a whole number from 1"):
        chains.parse({"m": 0})
    with pytest.raises(MethodError, match=r"chains.*no parameter 'n'"):
        chains.parse({"n": 2})
    with pytest.raises(MethodError, match=r"no sampler 'chain'; did you mean 'chains'\? known: .*chains"):
        get_sampler("chain")


def test_a_new_sampler_is_listed_and_names_are_unique() -> None:
    def lonely(growth: Growth, *, m: int = 1) -> Growing:
        """One."""
        yield [Expand()]

    register = sampler(title="Lonely", family="flat", citation=Citation("me", 2020, "t", "i"), size=lambda *, m: 1)
    try:
        register(lonely)
        assert get_sampler("lonely").as_json()["parameters"][0]["name"] == "m"
        with pytest.raises(MethodError, match="two of one name: sampler"):
            register(lonely)
    finally:
        SAMPLERS.pop("lonely", None)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("fixed_width", {"leaves": "4"}, "leaves makes no difference with form=spo; leave it out, or set form=treepo"),
        ("fixed_width", {"form": "treepo", "widths": "2,2"}, "widths makes no difference with form=treepo"),
        ("surprisal", {"upsampling": 3}, "upsampling makes no difference with diverse=false; .* set diverse=true"),
        ("reverse_curriculum", {"attempts": 3}, "attempts makes no difference with demo=gold"),
        ("mcts", {"max_split_depth": 3}, "max_split_depth makes no difference with form=paper"),
    ],
)
def test_a_setting_that_makes_no_difference_is_refused(name: str, settings: dict[str, object], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        get_sampler(name).parse(settings)


def test_all_settings_as_a_forest_records_them_are_taken() -> None:
    for known in SAMPLERS.values():
        recorded = known.parse({})
        assert known.parse(recorded) == recorded


def test_another_process_gets_a_sampler_by_its_name() -> None:
    for one in SAMPLERS.values():
        assert pickle.loads(pickle.dumps(one)) is one
    with pytest.raises(pickle.PicklingError, match="sampler 'chains' is not the registered one"):
        pickle.dumps(replace(get_sampler("chains"), title="another"))
