"""Renewable share of the electricity, on four bases that are never added.

Physical: own plants and direct lines. Contract: power purchase agreements. Certificate: certificates that were
cancelled for the plant. Hourly matched: generation that met the load in its hour. One megawatt-hour may appear on
several bases, with a contract and its certificate for instance, and is still one (`collector.domain.claims`).

A share carries its basis and its denominator; a target is compared with a share of the same two.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from collector.domain.validity import Amount, not_negative, positive, within


class Basis(StrEnum):
    """By what electricity is called renewable."""

    PHYSICAL = "physical"
    CONTRACT = "contract"
    CERTIFICATE = "certificate"
    HOURLY_MATCHED = "hourly_matched"


class Denominator(StrEnum):
    """The electricity that a share is a share of."""

    ELECTROLYSIS_AC = "electrolysis_ac"
    PLANT_TOTAL = "plant_total"


@dataclass(frozen=True, slots=True)
class RenewableShare:
    """A renewable share with what it is made of.

    Parameters
    ----------
    basis
        By what the electricity is called renewable.
    denominator
        The electricity that it is a share of.
    renewable_kwh
        Renewable electricity on that basis [kWh].
    total_kwh
        All electricity of the denominator, same interval [kWh].

    Raises
    ------
    ValueError
        If the renewable electricity is negative, or there is no electricity at all.
    """

    basis: Basis
    denominator: Denominator
    renewable_kwh: float
    total_kwh: float

    def __post_init__(self) -> None:
        not_negative(renewable_kwh=self.renewable_kwh)
        positive(total_kwh=self.total_kwh)

    @property
    def percent(self) -> float:
        """Renewable share [%]."""
        return renewable_percent(self.renewable_kwh, total_kwh=self.total_kwh)


@dataclass(frozen=True, slots=True)
class ShareTarget:
    """A renewable share that is demanded, on one basis and of one denominator.

    Parameters
    ----------
    basis
        Basis that the rule counts by.
    denominator
        Electricity that the rule counts a share of.
    percent
        Share that is demanded [%].

    Raises
    ------
    ValueError
        If the share is not in [0, 100] %.
    """

    basis: Basis
    denominator: Denominator
    percent: float

    def __post_init__(self) -> None:
        within(0, 100, remedy="give percent, 30 for 30 %", percent=self.percent)


def certificate_kwh(certificates: Amount, *, kwh_per_certificate: Amount | float) -> Amount:
    """Electricity that cancelled certificates stand for.

    Parameters
    ----------
    certificates
        Certificates cancelled for the plant and the interval [-].
    kwh_per_certificate
        Electricity of one certificate: 1000 for the Chinese green certificate [kWh].

    Returns
    -------
    Amount
        Electricity [kWh].

    Raises
    ------
    ValueError
        If a number is negative.

    Notes
    -----
    ``E = n · e``

    Valid for certificates that were cancelled, not for those that are held: those may still be sold.

    References
    ----------
    .. [1] One green certificate is 1000 kWh of renewable electricity (zgjtqx.org.cn, 2023-08-15).
    """
    not_negative(certificates=certificates, kwh_per_certificate=kwh_per_certificate)
    return certificates * kwh_per_certificate


def matched_kwh(load_kwh: Amount, *, generation_kwh: Amount | float) -> Amount:
    """Electricity of each hour that generation and load have in common.

    Parameters
    ----------
    load_kwh
        Load of each hour [kWh].
    generation_kwh
        Renewable generation of the same hours [kWh].

    Returns
    -------
    Amount
        Matched electricity of each hour, to be summed by the caller [kWh].

    Raises
    ------
    ValueError
        If one of the energies is negative.

    Notes
    -----
    ``E = min(L, G)`` hour by hour; the share is the sum of it over the sum of the loads.

    Valid for hours or shorter. What is generated above the load of its hour is lost to this basis, and storage is load
    when it is charged and generation when it is discharged.

    References
    ----------
    .. [1] Definition; proposed as a quality criterion in the revision of the GHG Protocol's scope 2 (renewabl.com).
    """
    not_negative(load_kwh=load_kwh, generation_kwh=generation_kwh)
    matched: Amount = np.minimum(load_kwh, generation_kwh)
    return matched


def renewable_percent(renewable_kwh: Amount, *, total_kwh: Amount | float) -> Amount:
    """Renewable share of the electricity.

    Parameters
    ----------
    renewable_kwh
        Renewable electricity on one basis, summed over the interval [kWh].
    total_kwh
        All electricity of the denominator, same interval [kWh].

    Returns
    -------
    Amount
        Share [%].

    Raises
    ------
    ValueError
        If the renewable electricity is negative, or there is no electricity at all.

    Notes
    -----
    ``p = 100 · E_renewable / E_total``

    Sums over sums. More than 100 % is possible for contracts and certificates and says that more was bought than used.

    References
    ----------
    .. [1] NDRC and NEA 2024 No. 598 and 2025 No. 669: the sector's share is counted mainly by certificates (as
       reported by cirs-sustainability.com).
    """
    not_negative(renewable_kwh=renewable_kwh)
    positive(total_kwh=total_kwh)
    return 100 * renewable_kwh / total_kwh


def target_gap_kwh(renewable_kwh: Amount, *, total_kwh: Amount | float, target_percent: Amount | float) -> Amount:
    """Renewable electricity that is missing to a target.

    Parameters
    ----------
    renewable_kwh
        Renewable electricity on the target's basis [kWh].
    total_kwh
        All electricity of the target's denominator, same interval [kWh].
    target_percent
        Share that is demanded [%].

    Returns
    -------
    Amount
        Electricity that is missing; below zero, what is above the target [kWh].

    Raises
    ------
    ValueError
        If an energy is negative, or the target is not in [0, 100] %.

    Notes
    -----
    ``E_gap = p / 100 · E_total - E_renewable``

    References
    ----------
    .. [1] Definition of a share.
    """
    not_negative(renewable_kwh=renewable_kwh, total_kwh=total_kwh)
    within(0, 100, remedy="give percent, 30 for 30 %", target_percent=target_percent)
    return target_percent / 100 * total_kwh - renewable_kwh


def gap_to_target_kwh(share: RenewableShare, target: ShareTarget) -> float:
    """Renewable electricity that a share lacks to a target of the same basis and denominator.

    Parameters
    ----------
    share
        Share of the interval.
    target
        Target that holds for it.

    Returns
    -------
    float
        Electricity that is missing; below zero, what is above the target [kWh].

    Raises
    ------
    ValueError
        If share and target differ in basis or denominator.

    Notes
    -----
    ``E_gap = p / 100 · E_total - E_renewable``

    References
    ----------
    .. [1] As for `target_gap_kwh`.
    """
    if (share.basis, share.denominator) != (target.basis, target.denominator):
        raise ValueError(
            f"share is {share.basis} of {share.denominator}, the target {target.basis} of {target.denominator}: they "
            "cannot be compared. Remedy: make the share on the target's basis and denominator."
        )
    return target_gap_kwh(share.renewable_kwh, total_kwh=share.total_kwh, target_percent=target.percent)
