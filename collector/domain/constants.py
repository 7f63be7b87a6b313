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
