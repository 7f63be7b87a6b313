"""Carbon dioxide of worked examples, as their sources print them or as they follow from printed factors."""

import pytest

from collector.domain.anode_baking import packing_coke_co2_t, pitch_volatiles_co2_t
from collector.domain.carbon import anode_co2_t, carbonate_co2_t, mass_balance_co2_t, net_anode_t, prebake_anode_co2_t
from collector.domain.cbam_obligation import free_allocation_t_per_t, payable_t_per_t
from collector.domain.emissions import total_co2e_t

EXACT = 1e-9


def test_prebake_anodes_of_100000_tonnes_emit_150304_tonnes() -> None:
    """40 CFR 98.63 and table F-2 (sulphur 2 %, ash 0.4 %); IPCC 2006, volume 3, equation 4.21."""
    co2_t = prebake_anode_co2_t(100_000.0, net_anode_consumption=0.42, sulphur_percent=2.0, ash_percent=0.4)
    assert co2_t == pytest.approx(150_304, rel=EXACT)
    assert co2_t / 100_000 == pytest.approx(1.50304, rel=EXACT)


def test_mass_balance_of_342000_tonnes_emits_526297_tonnes() -> None:
    """Monitoring plan of the Renukoot smelter, illustration: 0.42 t C/t and 3.664; printed 526,300 t."""
    co2_t = mass_balance_co2_t(342_000 * 0.42, carbon_content=1.0)
    assert co2_t == pytest.approx(526_296.96, rel=EXACT)
    assert co2_t == pytest.approx(526_300, rel=1e-5)


def test_1800_tonnes_of_soda_ash_emit_747_tonnes() -> None:
    """The same document: 0.4149 t/t; printed 747 t."""
    co2_t = carbonate_co2_t(1800.0, co2_per_carbonate=0.4149)
    assert co2_t == pytest.approx(746.82, rel=EXACT)
    assert co2_t == pytest.approx(747, rel=5e-4)


def test_chinese_gross_anodes_of_100000_tonnes_emit_303543_tonnes() -> None:
    """A third-party implementation of the Chinese guideline; its official text was not seen."""
    net_t = net_anode_t(100_000.0, loss_percent=15.18)
    assert net_t == pytest.approx(84_820, rel=EXACT)
    assert anode_co2_t(net_t, sulphur_percent=2.0, ash_percent=0.4) == pytest.approx(303_542.5066666667, rel=EXACT)


@pytest.mark.parametrize(("consumption", "co2_t_per_t"), [(0.411, 1.470832), (0.42, 1.50304)])
def test_chinese_factor_of_2013_follows_from_the_net_consumption(consumption: float, co2_t_per_t: float) -> None:
    """The older form, NAC times carbon share times 44/12, with its two printed consumptions."""
    co2_t = prebake_anode_co2_t(1.0, net_anode_consumption=consumption, sulphur_percent=2.0, ash_percent=0.4)
    assert co2_t == pytest.approx(co2_t_per_t, rel=EXACT)


def test_draft_default_of_1_424_implies_0_398_net_and_0_469_gross() -> None:
    """A broker's note of June 2024 on the draft of the Chinese guideline: 1.424 and 0.1454 t/t."""
    direct = total_co2e_t(anode_co2_t=1.424, pfc_co2e_t=0.1454, electricity_co2_t=0.0, fuel_co2_t=0.0)
    assert direct == pytest.approx(1.5694, rel=EXACT)
    assert anode_co2_t(0.3979135618, sulphur_percent=2.0, ash_percent=0.4) == pytest.approx(1.424, rel=EXACT)
    assert net_anode_t(0.4691270477, loss_percent=15.18) == pytest.approx(0.3979135618, rel=EXACT)


def test_pitch_and_packing_coke_of_218644_tonnes_of_anodes() -> None:
    """IPCC 2006 equations 4.22 and 4.23 with green and baked anodes that the Renukoot smelter declared.

    The smelter prints 42,073 t and 11,068 t with assays of its own.
    """
    pitch_t = pitch_volatiles_co2_t(231_654.0, hydrogen_percent=0.5, baked_anode_t=218_644.0, waste_tar_t=0.0)
    assert pitch_t == pytest.approx(43_456.3433333334, rel=EXACT)
    coke_t = packing_coke_co2_t(218_644.0, coke_per_baked_anode=0.015, sulphur_percent=2.0, ash_percent=2.5)
    assert coke_t == pytest.approx(11_484.2761, rel=EXACT)
    assert pitch_t == pytest.approx(42_073, rel=0.05)
    assert coke_t == pytest.approx(11_068, rel=0.05)


def test_unwrought_metal_of_1_919_tonnes_pays_for_0_531575_in_2026() -> None:
    """Benchmark 1.423 as reported by the trade press, 2.5 % of the obligation; the arithmetic is unverified."""
    free = free_allocation_t_per_t(1.423, obligation_share=0.025, correction_factor=1.0)
    assert free == pytest.approx(1.387425, rel=EXACT)
    assert payable_t_per_t(1.919, free_t_per_t=free) == pytest.approx(0.531575, rel=EXACT)
