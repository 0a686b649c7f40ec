UPDATE differences SET gone = ?2 WHERE number = ?1
