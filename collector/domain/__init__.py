"""The formulas: from what meters, pots and the laboratory report to kWh/t and t CO2e/t.

Each formula of the collector stands here, once. Live accounts, restatements and reports call the same function, so that
they cannot differ. A formula is a citation with a few lines of arithmetic under it: it reads nothing, writes nothing,
logs nothing, and knows no plant. Factors (slope coefficients, warming potentials, the grid's factor) are arguments
without defaults, because which edition applies is a property of the report and not of the formula.

Rules that hold in every module
-------------------------------
* Names carry the unit: ``charge_kah``, ``metal_t``, ``ae_seconds``, ``overvoltage_mv``. A name without a unit is a
  ratio or a coefficient; its unit is in brackets in the docstring.
* Scalars and float64 arrays are taken alike. The first argument gives the shape of the answer; the others have that
  shape or are plain numbers that hold for all its elements.
* Ratios are sums over sums. The caller adds up numerator and denominator over the interval, then divides once. Nothing
  here averages a ratio.
* An input outside its range raises ``ValueError`` with the remedy, also when a single element of an array is outside:
  a negative mass, a percentage where a fraction belongs, a NaN. So does a denominator of zero: no function answers
  infinity or NaN to such a question, and the caller decides to withhold the figure.
* Inputs are judged, answers are not. A month's metal that implies a current efficiency of 1.02, or DC energy above AC
  energy, is a finding for whoever checks the balance; the formula reports it as it is.

Rooms
-----
constants
    Faraday constant, molar mass, valence, and what follows from them.
validity
    The ranges of the inputs, and the sentence with which one outside is refused.
electrolysis
    Charge to metal and back; current efficiency.
energy
    kWh/t, DC and AC.
anode_effect
    Anode-effect minutes; CF4 and C2F6 by the slope and the overvoltage method; their CO2 equivalent.
emissions
    CO2 of the anodes and of the electricity; total; intensity.
uncertainty
    From limits, certificates and balances to one standard deviation; the coverage factor of what is reported.
metering
    What classes, sampling, gaps and scales leave uncertain.
propagation
    How uncertainties combine, so that what two figures share is counted once.

Glossary
--------
AC energy
    Energy taken in by the rectifier transformers, measured on their high-voltage side.
anode effect, AE
    A pot starved of alumina: its voltage jumps from about 4 V to tens of volts and perfluorocarbons form.
anode-effect minutes per cell-day, AEM
    Time in anode effect of all pots, in minutes, over the days that all pots were in operation. It equals anode effects
    per cell-day times their mean duration in minutes.
anode-effect overvoltage, AEO
    Voltage above the target during anode effects, integrated over time and divided by the whole time of data, per pot.
boundary
    What a kWh/t includes: DC only, the rectifiers, the services of the potroom, the cast house. A kWh/t without its
    boundary cannot be compared with another.
cell-day
    One pot in operation for one day. Pot and cell are the same thing; "cell" survives in the fixed terms.
charge
    Current integrated over time, kAh. Pots in series all pass the charge of the line.
CO2e
    Mass of CO2 with the same warming over 100 years: mass of gas times its warming potential.
current efficiency, CE
    Metal made over metal that the charge could have made; a fraction here, 0.92 to 0.955 in modern lines. Only the
    overvoltage method takes it in percent, and the argument says so.
DC energy
    Voltage times current integrated over time, behind the rectifiers.
global warming potential, GWP
    t CO2e per t of gas, over 100 years, of one assessment report of the IPCC.
intensity
    t CO2e per t of metal.
location-based
    Electricity counted with the average factor of the grid it is taken from, whatever contracts say.
net anode consumption, NAC
    Mass of baked anode used up per mass of metal, t/t; the butts that go back are subtracted.
standard uncertainty
    One standard deviation of what the truth may differ by. Expanded: times the coverage factor, here 2, for 95 %.
slope
    kg CF4 per t of metal for each anode-effect minute per cell-day, for one cell technology and one edition of rules.
"""
