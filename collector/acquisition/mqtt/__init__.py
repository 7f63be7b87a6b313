"""MQTT: topics and payloads in pure code; the client stands in one file."""
