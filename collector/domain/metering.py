"""What meters, transducers and scales leave uncertain: their class, their sampling, their gaps, their weighings.

Class errors stay with the instrument and do not average out over time; what sampling and rounding add does.

References
----------
.. [1] JCGM 100:2008, "Guide to the expression of uncertainty in measurement" (GUM), the clauses named below.
"""

from typing import Final

import numpy as np

from collector.domain.uncertainty import SQRT_3, rectangular
from collector.domain.validity import Amount, fraction, not_negative, within

ACCURACY_CLASSES: Final = {
    "0.1": 0.1,
    "0.1S": 0.1,
    "0.2": 0.2,
    "0.2S": 0.2,
    "0.5": 0.5,
    "0.5S": 0.5,
    "1": 1.0,
    "2": 2.0,
    "3": 3.0,
}
"""Limit of error [%] by the designation on the plate: the class index is the limit in percent.

It holds at the rated load and above a part of it. Below, the limits are wider: a transformer of class 0.2 may be off by
0.35 % at a fifth of its rated current and by 0.75 % at a twentieth, one of class 0.2S by 0.2 % and 0.35 %. Give the
limit that holds at the load of the interval. Meters: IEC 62053-21 and -22; current transformers: IEC 61869-2, tables
201 and 202; voltage transformers: IEC 61869-3.
"""


def class_relative(limit_percent: Amount) -> Amount:
    """Relative standard uncertainty of an instrument, from the limit of its accuracy class.

    Parameters
    ----------
    limit_percent
        Limit of error at the load of the interval, both signs: 0.2 for class 0.2S [%].

    Returns
    -------
    Amount
        Standard uncertainty over the value, a fraction [-].

    Raises
    ------
    ValueError
        If the limit is not in [0, 20] %.

    Notes
    -----
    ``u = c / (100 · sqrt(3))``. An error within the class stays with the instrument: over time it is fully correlated,
    so a month is known no better than a minute.

    References
    ----------
    .. [1] GUM 4.3.7; limits by class as at `ACCURACY_CLASSES`.
    """
    within(0, 20, remedy="give the limit of error in percent, 0.2 for class 0.2S", limit_percent=limit_percent)
    return rectangular(limit_percent / 100)


def metering_relative(
    meter_percent: Amount, *, current_transformer_percent: Amount | float, voltage_transformer_percent: Amount | float
) -> Amount:
    """Relative standard uncertainty of AC energy, from the classes of meter and instrument transformers.

    Parameters
    ----------
    meter_percent
        Limit of error of the meter [%].
    current_transformer_percent
        Limit of the ratio error of the current transformers; 0 where the meter is connected directly [%].
    voltage_transformer_percent
        Limit of the ratio error of the voltage transformers; 0 where the meter is connected directly [%].

    Returns
    -------
    Amount
        Standard uncertainty over the energy, a fraction [-].

    Raises
    ------
    ValueError
        If a limit is not in [0, 20] %.

    Notes
    -----
    ``u² = u_meter² + u_ct² + u_vt²``, each by `class_relative`. The three phases have one transformer each of the same
    make; their errors are taken as one, which is the cautious side. The phase displacement is not in it: see
    `phase_displacement_relative`.

    References
    ----------
    .. [1] GUM 5.1.6: relative uncertainties of a product of independent factors.
    """
    within(
        0,
        20,
        remedy="give the limit of error in percent, 0.2 for class 0.2S",
        meter_percent=meter_percent,
        current_transformer_percent=current_transformer_percent,
        voltage_transformer_percent=voltage_transformer_percent,
    )
    root: Amount = np.sqrt(
        np.square(meter_percent) + np.square(current_transformer_percent) + np.square(voltage_transformer_percent)
    )
    return root / (100 * SQRT_3)


def phase_displacement_relative(displacement_min: Amount, *, power_factor: Amount | float) -> Amount:
    """Relative standard uncertainty of active energy from the phase displacement of an instrument transformer.

    Parameters
    ----------
    displacement_min
        Limit of the phase displacement at the load of the interval, both signs: 10 for class 0.2 at rated load
        [minutes of arc].
    power_factor
        Active over apparent power of the load, without sign [-].

    Returns
    -------
    Amount
        Standard uncertainty over the energy, a fraction [-].

    Raises
    ------
    ValueError
        If the displacement is not in [0, 300] minutes, or the power factor is not in (0, 1].

    Notes
    -----
    ``u = d · tan(phi) / sqrt(3)`` with d in radians: a small turn of the phase changes ``cos(phi)`` by ``sin(phi)``. At
    a power factor of 1 nothing is left of it.

    References
    ----------
    .. [1] GUM 5.1.3: first-order sensitivity of ``P = U · I · cos(phi)``. Limits by class: IEC 61869-2, table 201.
    """
    within(0, 300, remedy="give minutes of arc, 60 for one degree", displacement_min=displacement_min)
    fraction(power_factor=power_factor)
    # Products, not powers: of arrays and of plain numbers the power may differ in the last digit.
    tangent_squared = 1 / (power_factor * power_factor) - 1
    displacement = displacement_min * np.pi / 10800  # 10800 minutes in half a turn
    root: Amount = np.sqrt(displacement * displacement * tangent_squared)
    return root / SQRT_3


def sampled_integral(step_rms: Amount, *, step_h: Amount | float, steps: Amount | float) -> Amount:
    """Uncertainty of an integral that was made of samples, by straight lines between them.

    Parameters
    ----------
    step_rms
        Root mean square of the differences between neighbouring samples [kW, or any unit].
    step_h
        Time between samples [h].
    steps
        Number of steps in the interval [-].

    Returns
    -------
    Amount
        Standard uncertainty of the integral [kWh, or unit of the input times h].

    Raises
    ------
    ValueError
        If an input is negative.

    Notes
    -----
    ``u = s · d · sqrt(n / 12)``. The rule behind it: between two samples the value keeps between them. Then the area of
    a step lies between ``d · y1`` and ``d · y2``, the straight line gives the middle, and half the difference is the
    half width of a rectangle. Steps are independent. Valid for samples that are dense beside the changes; peaks between
    two samples are not seen, and not in it.

    References
    ----------
    .. [1] GUM 4.3.7 for each step, 5.1.2 for their sum.
    """
    not_negative(step_rms=step_rms, step_h=step_h, steps=steps)
    root: Amount = np.sqrt(np.square(step_rms * step_h) * steps / 12)
    return root


def bridged_gap(bridged_kwh: Amount, *, rated_power_kw: Amount | float, gap_h: Amount | float) -> Amount:
    """Uncertainty of energy that was booked across a gap in a straight line.

    Parameters
    ----------
    bridged_kwh
        Energy booked for the gap [kWh].
    rated_power_kw
        Most that the meter's circuit can take [kW].
    gap_h
        Length of the gap [h].

    Returns
    -------
    Amount
        Standard uncertainty of the energy booked [kWh].

    Raises
    ------
    ValueError
        If an input is negative, or more was booked than the rated power gives in the gap.

    Notes
    -----
    ``u = max(E, P · t - E) / sqrt(3)``: the truth lies between nothing and rated power all the time, and the half width
    is the greater distance from what was booked. Valid for power that was integrated here. A counter that went on
    counting through the gap tells the energy of the gap exactly; then only its share on either side of a boundary
    within the gap is bridged, and this is a bound for that share.

    References
    ----------
    .. [1] GUM 4.3.7, with the greater distance where the estimate is not in the middle (4.3.8 gives less).
    """
    not_negative(bridged_kwh=bridged_kwh, rated_power_kw=rated_power_kw, gap_h=gap_h)
    spare_kwh = rated_power_kw * gap_h - bridged_kwh
    slack = 1e-9 * np.max(np.abs(spare_kwh), initial=1.0)
    within(
        -float(slack),
        float("inf"),
        remedy="raise rated_power of the meter, or correct what was booked for the gap",
        energy_that_rated_power_leaves_kwh=spare_kwh,
    )
    return rectangular((abs(bridged_kwh - spare_kwh) + bridged_kwh + spare_kwh) / 2)


def weighed_mass(
    mass_t: Amount, *, scale_relative: Amount | float, weighings: Amount | float, resolution_t: Amount | float
) -> Amount:
    """Uncertainty of metal that was weighed in many portions on one scale.

    Parameters
    ----------
    mass_t
        Net mass of all portions [t].
    scale_relative
        Relative standard uncertainty of the scale's calibration [-].
    weighings
        Number of portions, each the difference of a full and an empty reading [-].
    resolution_t
        Smallest step of the display [t].

    Returns
    -------
    Amount
        Standard uncertainty of the net mass [t].

    Raises
    ------
    ValueError
        If an input is negative, or the relative uncertainty is above 0.2.

    Notes
    -----
    ``u² = (m · u_rel)² + n · 2 · d² / 12``. The calibration is the same for all portions and does not average out; the
    rounding of 2 n readings does. Bath that is weighed as metal is not in it.

    References
    ----------
    .. [1] GUM 5.2.2 note 1 (fully correlated parts add up), F.2.2.1 (resolution).
    """
    not_negative(mass_t=mass_t, weighings=weighings, resolution_t=resolution_t)
    within(0, 0.2, remedy="give a fraction, 0.002 for 0.2 %", scale_relative=scale_relative)
    root: Amount = np.sqrt(np.square(mass_t * scale_relative) + weighings * 2 * np.square(resolution_t) / 12)
    return root
