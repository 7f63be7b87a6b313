"""Modbus: plan and decode in pure code, then touch the wire in one file."""
