DELETE FROM differences WHERE coalesce(gone, last) < ?1
