"""The collector: meters in, kWh/t and t CO2e/t out."""
