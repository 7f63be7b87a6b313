"""The live page: what the line does now, for commissioning and for the newcomer. It reads; it changes nothing."""
