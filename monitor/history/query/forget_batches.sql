DELETE FROM batches WHERE begun < ?1
