"""A simulated smelter."""
