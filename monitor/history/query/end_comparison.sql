UPDATE comparisons SET ended = ?2, copies = ?3, identical = ?4, different = ?5, unknown = ?6 WHERE number = ?1
