SELECT key, waits, told, worst, messages, root FROM alert_groups ORDER BY key
