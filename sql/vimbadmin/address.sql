-- ViMbAdmin: who owns the address.

SELECT m.username
  FROM mailbox AS m
  JOIN domain AS d ON d.id = m.Domain_id
 WHERE m.username = :email AND m.active = 1 AND COALESCE(m.delete_pending, 0) = 0 AND d.active = 1

-- The targets of an alias own its address. The alias row that every mailbox has holds its forwards: they hand mail on, not
-- the right to send, so the rows of mailboxes are left out.
-- if include_alias
UNION
SELECT a.goto
  FROM alias AS a
  JOIN domain AS d ON d.id = a.Domain_id
 WHERE a.address = :email AND a.active = 1 AND d.active = 1
   AND NOT EXISTS (SELECT 1 FROM mailbox AS x WHERE x.username = a.address)
-- end
