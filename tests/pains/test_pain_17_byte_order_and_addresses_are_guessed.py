"""The block in every order, ranked by plausibility; and a word when the address is off by one."""
