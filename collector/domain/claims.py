"""Claims to renewable electricity: the same megawatt-hour counts once.

A contract whose certificates came with it appears on two bases. Reported apart, both are right; added, they are wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from collector.domain.renewables import Basis
from collector.domain.validity import Amount, not_negative, part_of


@dataclass(frozen=True, slots=True)
class Claim:
    """Electricity that a plant calls renewable, and by what.

    Parameters
    ----------
    basis
        By what it is called renewable.
    generation
        Which electricity it is: power plant and period, the same name wherever the same electricity is meant.
    kwh
        Its amount [kWh].

    Raises
    ------
    ValueError
        If the amount is negative.
    """

    basis: Basis
    generation: str
    kwh: float

    def __post_init__(self) -> None:
        not_negative(kwh=self.kwh)


def claimed_kwh(claims: Iterable[Claim]) -> float:
    """Sum of claims, after making sure that none of them is about electricity that another is about.

    Parameters
    ----------
    claims
        Claims of one interval [kWh].

    Returns
    -------
    float
        Electricity claimed [kWh].

    Raises
    ------
    ValueError
        If the same generation is claimed on two bases: as a contract and by its certificates, for instance.

    Notes
    -----
    ``E = sum of E_i``

    Several claims on one basis about one generation are parts of it and are added.

    References
    ----------
    .. [1] NDRC and NEA 2023: the green certificate is the sole proof of the environmental attribute of renewable
       electricity (as reported by zgjtqx.org.cn, 2023-08-15). A contract whose certificates are sold proves nothing.
    """
    basis_of: dict[str, Basis] = {}
    total = 0.0
    for claim in claims:
        first = basis_of.setdefault(claim.generation, claim.basis)
        if first is not claim.basis:
            raise ValueError(
                f"generation {claim.generation!r} is claimed as {first} and as {claim.basis}: the same electricity "
                "counts once. Remedy: leave out one of the two claims, or report the two bases apart."
            )
        total += claim.kwh
    return total


def contract_or_certificate_kwh(
    contract_kwh: Amount, *, certificate_kwh: Amount | float, same_kwh: Amount | float
) -> Amount:
    """Electricity with a contract or with a certificate, what has both counted once.

    Parameters
    ----------
    contract_kwh
        Electricity bought by contracts [kWh].
    certificate_kwh
        Electricity that certificates were cancelled for [kWh].
    same_kwh
        Electricity that is in both: contracts whose certificates came with them [kWh].

    Returns
    -------
    Amount
        Electricity with the one or the other [kWh].

    Raises
    ------
    ValueError
        If an amount is negative, or the common part is greater than one of the two.

    Notes
    -----
    ``E = E_contract + E_certificate - E_both``

    Valid when the overlap is known from the registry. It has no default: zero is a statement, and often a wrong one.

    References
    ----------
    .. [1] Inclusion and exclusion; as for `claimed_kwh`.
    """
    not_negative(contract_kwh=contract_kwh, certificate_kwh=certificate_kwh, same_kwh=same_kwh)
    remedy = "count in same_kwh only electricity that is in both"
    part_of(contract_kwh, remedy=remedy, same_kwh=same_kwh)
    part_of(certificate_kwh, remedy=remedy, same_kwh=same_kwh)
    return contract_kwh + certificate_kwh - same_kwh
