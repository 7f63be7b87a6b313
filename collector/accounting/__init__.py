"""From readings to accounts, in pure functions: what came in goes in, what is owed comes out.

The inputs that are kept are cells: for each point and minute the first and the last reading and, for a gauge, the
integral between them. Cells of neighbouring minutes join into an unbroken line, so the energy of any interval can be
computed again from the cells alone, to the same value, and the minutes always add up to the counter's difference.
"""
