SELECT steps FROM alert_state WHERE number = 1
