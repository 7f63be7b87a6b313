"""What the commands show to people: pure text where it can be."""
