"""What existing apps speak, one package for each API."""
