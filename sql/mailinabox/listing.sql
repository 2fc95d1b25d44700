-- Mail-in-a-Box (SQLite): every address, @domain and * with its owners, all at once. Columns: the key, the owner (NULL: it has
-- a row and no owner, which keeps the catch-all away), and what the row is.
SELECT u.email,
       CASE WHEN NOT EXISTS (SELECT 1 FROM aliases AS x WHERE x.source = u.email AND x.permitted_senders IS NOT NULL)
            THEN u.email END,
       'address'
  FROM users AS u

-- Without include_alias the row of an alias only keeps the catch-all away.
UNION ALL
SELECT a.source,
       COALESCE(a.permitted_senders, a.destination),  -- if include_alias
       NULL,                                          -- if not include_alias
       'alias'
  FROM aliases AS a
 WHERE a.source NOT LIKE '@%'

-- A domain that is an alias of another: a row '@alias' with the destination '@target'.
-- if include_alias_domain
UNION ALL
SELECT SUBSTR(u.email, 1, INSTR(u.email, '@') - 1) || da.source, u.email, 'alias'
  FROM aliases AS da
  JOIN users AS u ON SUBSTR(u.email, INSTR(u.email, '@')) = da.destination
 WHERE da.source LIKE '@%' AND da.destination LIKE '@%' AND da.permitted_senders IS NULL
   AND NOT EXISTS (SELECT 1 FROM aliases AS x WHERE x.source = u.email AND x.permitted_senders IS NOT NULL)
-- end
-- if include_alias_domain and include_alias
UNION ALL
SELECT SUBSTR(a.source, 1, INSTR(a.source, '@') - 1) || da.source, COALESCE(a.permitted_senders, a.destination), 'alias'
  FROM aliases AS da
  JOIN aliases AS a ON SUBSTR(a.source, INSTR(a.source, '@')) = da.destination
 WHERE da.source LIKE '@%' AND da.destination LIKE '@%' AND da.permitted_senders IS NULL AND a.source NOT LIKE '@%'
-- end

-- if include_catchall
UNION ALL
SELECT a.source, COALESCE(a.permitted_senders, a.destination), 'catch-all'
  FROM aliases AS a
 WHERE a.source LIKE '@%' AND (a.permitted_senders IS NOT NULL OR a.destination NOT LIKE '@%')
-- end

-- if extra_owners
UNION ALL
SELECT '@' || e.domain, :extra_owners, 'grant'
  FROM (SELECT SUBSTR(u.email, INSTR(u.email, '@') + 1) AS domain FROM users AS u
        UNION
        SELECT SUBSTR(a.source, 2) FROM aliases AS a WHERE a.source LIKE '@%') AS e
-- end
