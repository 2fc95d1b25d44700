-- Mail-in-a-Box (SQLite): who owns the address. Aliases that the box makes by itself (auto_aliases) have no owner.

-- A user owns the address, unless an alias of the same name says who may send and leaves the user out.
SELECT u.email
  FROM users AS u
 WHERE u.email = :email
   AND NOT EXISTS (SELECT 1 FROM aliases AS x WHERE x.source = :email AND x.permitted_senders IS NOT NULL)

-- An alias is owned by its permitted senders; where none are named, by its targets.
-- if include_alias
UNION ALL
SELECT a.permitted_senders
  FROM aliases AS a
 WHERE a.source = :email AND a.permitted_senders IS NOT NULL
UNION ALL
SELECT a.destination
  FROM aliases AS a
 WHERE a.source = :email AND a.permitted_senders IS NULL AND a.destination <> ''
-- end

-- A domain that is an alias of another: a row '@alias' with the destination '@target'.
-- if include_alias_domain
UNION ALL
SELECT u.email
  FROM aliases AS da
  JOIN users AS u ON u.email = :user || da.destination
 WHERE da.source = '@' || :domain AND da.destination LIKE '@%' AND da.permitted_senders IS NULL
   AND NOT EXISTS (SELECT 1 FROM aliases AS x WHERE x.source = u.email AND x.permitted_senders IS NOT NULL)
-- end
-- if include_alias_domain and include_alias
UNION ALL
SELECT COALESCE(a.permitted_senders, a.destination)
  FROM aliases AS da
  JOIN aliases AS a ON a.source = :user || da.destination
 WHERE da.source = '@' || :domain AND da.destination LIKE '@%' AND da.permitted_senders IS NULL
-- end
