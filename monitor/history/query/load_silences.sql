SELECT number, matchers, author, comment, begins, ends FROM silences WHERE ends > ?1 ORDER BY number
