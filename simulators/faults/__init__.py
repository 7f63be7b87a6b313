"""What cables, firmware and people really do: faults that can be switched on and off in plant time."""
