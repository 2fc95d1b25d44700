-- Thomas Leister's vmail schema: who owns the address. Addresses are kept in two columns.

SELECT CONCAT(ac.username, '@', ac.domain)
  FROM accounts AS ac
 WHERE ac.username = :user AND ac.domain = :domain AND ac.enabled = 1

-- The targets of an alias own its address; one row each. Rows whose source is an account are its forwards: they hand mail
-- on, not the right to send.
-- if include_alias
UNION
SELECT CONCAT(al.destination_username, '@', al.destination_domain)
  FROM aliases AS al
 WHERE al.source_username = :user AND al.source_domain = :domain AND al.enabled = 1
   AND NOT EXISTS (SELECT 1 FROM accounts AS x
                    WHERE x.username = al.source_username AND x.domain = al.source_domain)
-- end
