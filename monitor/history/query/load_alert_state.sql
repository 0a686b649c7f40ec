SELECT steps, last, budget, beat FROM alert_state WHERE number = 1
