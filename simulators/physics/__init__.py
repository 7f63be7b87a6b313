"""The plant itself: pure state that steps forward in time, seeded, with no idea of who is looking.

Written forward only: current → voltage → power → energy → metal → emissions.
"""
