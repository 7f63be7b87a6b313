"""From the outbox to the databases: encoding once, sending until it is taken, keeping what is refused."""
