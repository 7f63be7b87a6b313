"""One table that makes forty meters of a plant file, for tests to spoil."""

ONE_TABLE = """\
[meters."feeder_{n}"]
for = "1..40"
measures = "auxiliary_ac"
profile = "ac"
endpoint = "plc"
unit = "{n+100}"
rated_power = "250 kW"
"""
