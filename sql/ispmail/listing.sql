-- ISPmail: every address, @domain and * with its owners, all at once. Columns: the key, the owner (NULL: it has a row and no
-- owner, which keeps the catch-all away), and what the row is.
SELECT u.email, u.email, 'address'
  FROM virtual_users AS u

-- Without include_alias the row of an alias only keeps the catch-all away.
UNION ALL
SELECT a.source,
       a.destination,  -- if include_alias
       NULL,           -- if not include_alias
       'alias'
  FROM virtual_aliases AS a
 WHERE a.source NOT LIKE '@%'
   AND NOT EXISTS (SELECT 1 FROM virtual_users AS x WHERE x.email = a.source)

-- if include_catchall
UNION ALL
SELECT a.source, a.destination, 'catch-all'
  FROM virtual_aliases AS a
 WHERE a.source LIKE '@%'
-- end

-- if extra_owners
UNION ALL
SELECT CONCAT('@', d.name), :extra_owners, 'grant'
  FROM virtual_domains AS d
-- end
