INSERT INTO memberships (group_name, member, since)
VALUES (?1, ?2, ?3)
