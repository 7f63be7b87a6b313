"""A simulated smelter: the independent second opinion that the collector is tested against.

It reads the same data files as the collector (plant, register maps, emission factors) but shares no code with it, so an
error of one side cannot cancel itself in the other.
"""
