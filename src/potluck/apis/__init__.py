"""What existing apps speak, one package for each API; every API is reached from `routes`.

Empty, so that the engine can load the few modules it needs without the web framework.
"""
