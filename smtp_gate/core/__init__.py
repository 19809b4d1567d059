"""The vocabulary and the decision: frozen values and pure functions, standard library only."""
