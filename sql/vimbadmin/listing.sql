-- ViMbAdmin: every address, @domain and * with its owners, all at once. Columns: the key, the owner (NULL: it has a row and no
-- owner, which keeps the catch-all away), and what the row is.
SELECT m.username,
       CASE WHEN m.active = 1 AND COALESCE(m.delete_pending, 0) = 0 THEN m.username END,
       'address'
  FROM mailbox AS m
  JOIN domain AS d ON d.id = m.Domain_id
 WHERE d.active = 1

-- The rows of mailboxes hold forwards; those of aliases say who owns them. Without include_alias they only keep the catch-all
-- away.
UNION ALL
SELECT a.address,
       CASE WHEN a.active = 1 THEN a.goto END,  -- if include_alias
       NULL,                                    -- if not include_alias
       'alias'
  FROM alias AS a
  JOIN domain AS d ON d.id = a.Domain_id
 WHERE a.address NOT LIKE '@%' AND d.active = 1
   AND NOT EXISTS (SELECT 1 FROM mailbox AS x WHERE x.username = a.address)

-- if include_catchall
UNION ALL
SELECT a.address, a.goto, 'catch-all'
  FROM alias AS a
  JOIN domain AS d ON d.id = a.Domain_id
 WHERE a.address LIKE '@%' AND a.active = 1 AND d.active = 1
-- end

-- if extra_owners
UNION ALL
SELECT CONCAT('@', d.domain), :extra_owners, 'grant'
  FROM domain AS d
 WHERE d.active = 1
-- end
