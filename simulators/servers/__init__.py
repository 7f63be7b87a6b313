"""What the plant looks like from outside: Modbus registers and MQTT messages."""
