"""The settings of the drilled stack."""

import copy

import pytest

from composition.read import check
from drills.errors import DrillError
from drills.faults import FAULTS
from drills.plan import chosen
from drills.settings import PRODUCT, SETTINGS, STOCK, setting_of
from drills.stack import live_stack

LIVE = live_stack({"kind": "swarm", "nodes": ["a", "b", "c"], "entry": "dns"}, alerts_host="live-alerts")


def test_a_stack_of_each_setting_is_accepted() -> None:
    for setting in SETTINGS.values():
        settings = copy.deepcopy(LIVE)
        setting.change(settings)
        check(settings, source="live", secret_names=None)
        assert (settings == LIVE) == (setting is SETTINGS[PRODUCT])


def test_stock_loses_what_the_product_keeps() -> None:
    settings = copy.deepcopy(LIVE)
    SETTINGS[STOCK].change(settings)
    database = settings["databases"]["main"]
    assert not database["synchronous"]
    assert "release_after" not in database["failover"]


def test_a_setting_has_the_faults_in_which_it_is_seen() -> None:
    assert SETTINGS[PRODUCT].of(FAULTS) == FAULTS
    stock = SETTINGS[STOCK].of(FAULTS)
    assert {*SETTINGS[STOCK].faults} == {*stock}, "each is a fault"
    with pytest.raises(DrillError, match="there is no fault replica-lags"):
        chosen("replica-lags", "swarm", stock)


def test_the_name_of_a_setting() -> None:
    assert [setting_of(text) for text in ("", "product", " stock ")] == ["product", "product", "stock"]
    with pytest.raises(DrillError, match=r"SETTING=stok is not a setting of drills\. Did you mean stock\?"):
        setting_of("stok")
