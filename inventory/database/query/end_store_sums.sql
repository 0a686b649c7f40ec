UPDATE store_sums SET until = ?1
WHERE since = ?2 AND store = ?3
