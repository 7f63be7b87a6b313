"""Steps between arrival and account: a batch in, a batch out; synchronous, without I/O."""
