"""What a smelter says over MQTT in JSON: topics and payloads, decided without a connection."""

from simulators.servers.messages.message import Message

__all__ = ["Message"]
