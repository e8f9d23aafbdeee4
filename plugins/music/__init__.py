"""Music as notes: a piano roll, a synthesiser of our own, and models that compose bar by bar."""
