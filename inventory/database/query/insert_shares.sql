INSERT INTO shares (owner, folder, grantee, rights, since)
VALUES (?1, ?2, ?3, ?4, ?5)
