"""From meters to batches of readings. It may fail and be restarted at any time; what it has yielded stays true."""
