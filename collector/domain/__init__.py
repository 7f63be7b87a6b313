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
* What a rule prescribes as a table (limits, price tiers, bands) is a frozen record and an argument; the numbers stand
  in ``config/factors`` with source and mark.
* Inputs are judged, answers are not. A month's metal that implies a current efficiency of 1.02, or DC energy above AC
  energy, is a finding for whoever checks the balance; the formula reports it as it is.

Rooms
-----
constants
    Faraday constant, molar mass, valence, and what follows from them.
validity
    The ranges of the inputs, and the sentence with which one outside is refused.
electrolysis
    Charge to metal and back; current efficiency, also from tapped metal and the metal left in the pots.
stoichiometry
    Carbon, alumina and CO2 of the reaction itself.
voltage
    Line against sum of pots; pseudo-resistance.
energy
    kWh of a sample; kWh/t, DC and AC; rectifiers.
boundaries
    Liquid AC, liquid comprehensive AC and ingot comprehensive AC from their parts; standard coal equivalent.
levels
    Limits on a specific energy, and the level that a value reaches.
price
    Tiered price of electricity in China: steps, relief, bands of 2014, money.
forecast
    Where a month will end, and what the days left may take.
anode_effect
    Anode-effect minutes; CF4 and C2F6 by the slope and the overvoltage method; their CO2 equivalent.
anode_effect_rate
    Frequency, mean duration, cell-days without start-up, overvoltage.
pfc
    Perfluorocarbons from the stack, by default factors, at low voltage; the slope that a measurement gives.
pfc_account
    What may be added: one method a line, low voltage only to the edition that it was made for.
carbon, anode_baking, soderberg
    CO2 of anodes, mass balance and carbonates; of pitch volatiles and packing coke; of self-baking anodes.
fuels, fuel_use
    CO2 of fuels by heat, carbon or amount; a fuel with the values that its rule reckons it by.
electricity, market_based
    CO2 and footprint of electricity by one factor; by contracts and certificates.
emissions
    Total; intensity.
flue_gas
    Temperature, pressure, dryness and oxygen that a concentration is stated at; ppmv.
pollutants
    Mass from concentration and flow; mass per tonne of metal; SO2 from sulphur; pounds per ton.
exceedance
    Averages over the time of a limit, and which of them exceed it.
renewables
    Renewable share on four bases; hourly matching; gap to a target.
claims
    The same renewable megawatt-hour counts once.
rule_sets, cbam_obligation, footprint
    Direct emissions by the European and the Chinese rule; embedded emissions and free allocation; footprint of the
    product.
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
back-EMF
    Voltage at which a straight line through voltage and current of a pot meets zero current.
boundary
    What a kWh/t includes: DC only, the rectifiers (liquid AC), the services of the potroom (liquid comprehensive AC),
    the cast house (ingot comprehensive AC). A kWh/t without its boundary cannot be compared with another.
carbon footprint factor
    kg CO2e per kWh over the life cycle of the electricity; not the grid's CO2 per kWh, and not to be mixed with it.
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
dscm
    Dry standard cubic metre of the United States: 20 degrees Celsius, 101.325 kPa. Nm3 is at 0 degrees.
external voltage
    Voltage of the line that is in no pot: busbars and crossovers.
global warming potential, GWP
    t CO2e per t of gas, over 100 years, of one assessment report of the IPCC.
green certificate
    Proof that a megawatt-hour was generated from renewables, traded apart from it; cancelled by who claims it.
hourly matched
    Renewable electricity that was generated in the hour in which it was used.
intensity
    t CO2e per t of metal.
kgce
    Kilogram of standard coal equivalent, the Chinese unit of comprehensive energy.
location-based
    Electricity counted with the average factor of the grid it is taken from, whatever contracts say.
low-voltage emissions
    CF4 formed at part of the anodes while the voltage of the pot stays below the threshold of anode effects.
market-based
    Electricity counted with the factors of contracts and certificates, and what they do not cover with a residual one.
net anode consumption, NAC
    Mass of baked anode used up per mass of metal, t/t; the butts that go back are subtracted.
precursor
    A good with embedded emissions of its own that a process uses up.
pseudo-resistance
    Pot voltage less back-EMF, over current, microohm: what pot controllers steer by.
rule set
    What one text prescribes: what is counted, with which numbers.
standard uncertainty
    One standard deviation of what the truth may differ by. Expanded: times the coverage factor, here 2, for 95 %.
slope
    kg CF4 per t of metal for each anode-effect minute per cell-day, for one cell technology and one edition of rules.
specific emission
    Mass of a pollutant per mass of metal, kg/t; of the stack alone, or of stack and roof.
"""
