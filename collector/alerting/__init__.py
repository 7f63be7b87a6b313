"""Alerts: rules on the streams, and the collector's own ones, told once each time that they fire or are resolved.

- `judge`, `columns`, `lines`: when a rule fires and is resolved. Pure.
- `sentences`: what is said of it. Pure.
- `alerts`: all rules as the line sees them, and what the store has to remember in the same transaction.
- `telling`: to the MQTT broker, after the commit, until the broker has confirmed it.
"""
