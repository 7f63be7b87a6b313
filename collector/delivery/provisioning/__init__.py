"""What a database needs before the collector can write to it: made once, seen to be there ever after."""
