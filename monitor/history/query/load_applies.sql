SELECT number, plans, by, began, ended, stop FROM applies WHERE ?1 OR ended IS NULL ORDER BY number
