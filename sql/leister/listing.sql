-- Thomas Leister's vmail schema: every address, @domain and * with its owners, all at once. Columns: the key, the owner (NULL:
-- it has a row and no owner, which keeps the catch-all away), and what the row is.
SELECT CONCAT(ac.username, '@', ac.domain),
       CASE WHEN ac.enabled = 1 THEN CONCAT(ac.username, '@', ac.domain) END,
       'address'
  FROM accounts AS ac

-- Without include_alias the row of an alias only keeps the catch-all away.
UNION ALL
SELECT CONCAT(al.source_username, '@', al.source_domain),
       CASE WHEN al.enabled = 1 THEN CONCAT(al.destination_username, '@', al.destination_domain) END,  -- if include_alias
       NULL,                                                                                           -- if not include_alias
       'alias'
  FROM aliases AS al
 WHERE al.source_username IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM accounts AS x
                    WHERE x.username = al.source_username AND x.domain = al.source_domain)

-- if include_catchall
UNION ALL
SELECT CONCAT('@', al.source_domain), CONCAT(al.destination_username, '@', al.destination_domain), 'catch-all'
  FROM aliases AS al
 WHERE al.source_username IS NULL AND al.enabled = 1
-- end

-- if extra_owners
UNION ALL
SELECT CONCAT('@', d.domain), :extra_owners, 'grant'
  FROM domains AS d
-- end
