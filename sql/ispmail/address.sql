-- ISPmail (workaround.org) and the guides of its kind: who owns the address.

SELECT u.email FROM virtual_users AS u WHERE u.email = :email

-- The targets of an alias own its address; one row each. Rows whose source is a mailbox are its forwards: they hand mail on,
-- not the right to send.
-- if include_alias
UNION
SELECT a.destination
  FROM virtual_aliases AS a
 WHERE a.source = :email
   AND NOT EXISTS (SELECT 1 FROM virtual_users AS x WHERE x.email = :email)
-- end
