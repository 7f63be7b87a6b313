"""Constants of nature and of stoichiometry, each with its source.

Emission factors are not constants: they have an edition and a validity, and live in configuration.

References
----------
.. [1] CODATA recommended values of the fundamental physical constants: 2022, entry "Faraday constant". Exact since the
   SI of 2019 (Avogadro constant times elementary charge); given here to the digits that CODATA prints.
.. [2] Prohaska et al., "Standard atomic weights of the elements 2021 (IUPAC Technical Report)", Pure and Applied
   Chemistry 94 (2022) 573-600, Table 1, aluminium: 26.981 5384(3).
.. [3] Overall reaction of the Hall-Heroult process, 2 Al2O3 + 3 C -> 4 Al + 3 CO2: twelve electrons for four atoms.
.. [4] IPCC 2006 Guidelines for National Greenhouse Gas Inventories, volume 3, chapter 4, equation 4.21; the same ratio
   in 40 CFR 98.63, equation F-5.
.. [5] Prohaska et al., as [2]_, abridged standard atomic weights: carbon 12.011, oxygen 15.999, sulphur 32.06, fluorine
   18.998; hydrogen 1.008.
.. [6] CODATA, as [1]_, entry "molar gas constant": Boltzmann constant times Avogadro constant, exact since 2019.
.. [7] NIST Chemistry WebBook, "Hydrogen fluoride": molecular weight 20.0063.
.. [8] International yard and pound agreement of 1959: 1 lb = 0.45359237 kg; a short ton has 2000 lb.
"""

from typing import Final

FARADAY_CONSTANT: Final = 96485.33212
"""Charge of one mole of electrons [C/mol] [1]_."""

ALUMINIUM_MOLAR_MASS: Final = 26.9815384
"""Molar mass of aluminium [g/mol], with an uncertainty of 3 in the last digit [2]_."""

ALUMINIUM_VALENCE: Final = 3
"""Electrons that reduce one aluminium ion to metal [-] [3]_."""

ALUMINIUM_KG_PER_KAH: Final = ALUMINIUM_MOLAR_MASS * 3600 / (ALUMINIUM_VALENCE * FARADAY_CONSTANT)
"""Electrochemical equivalent of aluminium: 0.3355727277 kg/kAh at a current efficiency of 1.

Molar mass over the charge of three moles of electrons, times 3600 s/h; g/Ah and kg/kAh are the same. Trade tables round
it to 0.3355, which is 0.022 % less, or its inverse 2.97998 kAh/kg to 2.98.
"""

CO2_PER_CARBON: Final = 44 / 12
"""Mass of CO2 from complete combustion of carbon [t CO2/t C], as the inventory rules print it [4]_.

The European rules for mass balances print 3.664 instead, 0.073 % less; a report by those rules takes that factor from
its own method.
"""

CARBON_MOLAR_MASS: Final = 12.011
"""Molar mass of carbon [g/mol] [5]_."""

OXYGEN_MOLAR_MASS: Final = 15.999
"""Molar mass of oxygen atoms [g/mol] [5]_."""

SULPHUR_MOLAR_MASS: Final = 32.06
"""Molar mass of sulphur [g/mol] [5]_."""

SULPHUR_DIOXIDE_MOLAR_MASS: Final = 64.066
"""Molar mass of SO2 as tables of chemicals print it [g/mol].

The sum of the abridged atomic weights [5]_ is 64.058, 0.012 % less: far below what an assay of sulphur can tell.
"""

FLUORINE_MOLAR_MASS: Final = 18.998
"""Molar mass of fluorine atoms [g/mol] [5]_."""

HYDROGEN_FLUORIDE_MOLAR_MASS: Final = 20.0063
"""Molar mass of HF [g/mol] [7]_."""

GAS_CONSTANT: Final = 8.314462618
"""Molar gas constant [J/(mol K)] [6]_."""

ZERO_CELSIUS_K: Final = 273.15
"""Zero of the Celsius scale [K], by definition."""

STANDARD_ATMOSPHERE_KPA: Final = 101.325
"""Standard atmosphere [kPa], by definition."""

NORMAL_MOLAR_VOLUME: Final = GAS_CONSTANT * ZERO_CELSIUS_K / STANDARD_ATMOSPHERE_KPA
"""Volume of one mole of an ideal gas at 0 degrees Celsius and 101.325 kPa: 22.41397 L/mol [L/mol]."""

KG_PER_MG_OF_LB_PER_TON: Final = 0.45359237 / (2000 * 0.45359237 / 1000)
"""One pound per short ton in kilograms per megagram: a half [(kg/Mg)/(lb/ton)] [8]_."""
