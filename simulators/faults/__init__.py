"""What cables, gateways and firmware really do: faults by name, each with its place, its time and its chance.

``fault`` is the mechanism: what (an ``Effect``), where (``Where``), when (``When``, in plant time), how likely, from
which seed, and how often it has struck. ``catalogue`` knows every kind by name and reads it from ``[[faults]]`` of a
scenario or from the body of an HTTP request. ``book`` holds the faults of a running simulation. The effects themselves
are in ``lines`` (connections and timing), ``refusals`` (exceptions and silence), ``wire`` (bytes on the wire),
``values``, ``raw`` and ``counters`` (what registers say); ``modbus`` lets them loose on the Modbus servers.

A new family of effects, for other servers than Modbus, derives from ``fault.Effect``, adds its kinds to the catalogue,
and asks the book for those of its faults that apply: ``book.of(Family, endpoint, unit, time_ns)``.

The faults of the MQTT side act on messages, not on devices: ``mqtt_tables`` reads them from ``[[mqtt_faults]]``, and
``mqtt`` holds them.
"""
