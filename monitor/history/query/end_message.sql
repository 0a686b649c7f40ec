UPDATE messages SET due = ?2, sent = ?3, dropped = ?4, trouble = ?5 WHERE number = ?1
