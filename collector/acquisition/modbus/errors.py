"""What can go wrong between a question and its answer."""

EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge, still working on it",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
GATEWAY_TARGET_SILENT = 11
HINTS = {
    1: "check 'function' in the profile",
    2: "check the address in the profile: it is 0-based",
    3: "lower 'max_registers' in the profile",
    10: "the gateway does not know this unit; check the unit id",
    11: "the gateway does not reach this unit; check its address and cable",
}


class EndpointUnreachable(Exception):
    """No connection, or it was lost."""


class MeterSilent(Exception):
    """Connected, but no valid answer came in time."""


class MeterGarbled(MeterSilent):
    """Something came, but no answer to what was asked."""


class MeterNotAsked(MeterSilent):
    """It could not be asked now: an answer that is still out could be taken for its answer."""


class MeterRefused(Exception):
    """The device answered with a Modbus exception."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code
