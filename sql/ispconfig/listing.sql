-- ISPConfig: every address, @domain and * of this server with its owners, all at once. Columns: the key, the owner (NULL: it
-- has a row and no owner, which keeps the catch-all away), and what the row is.
SELECT u.email,
       CASE WHEN u.disablesmtp = 'n' AND d.active = 'y' THEN CONCAT_WS(',', u.email, u.login
           , CASE WHEN u.disabledeliver = 'y' THEN u.cc END  -- if include_cc
           ) END,
       'address'
  FROM mail_user AS u
  LEFT JOIN mail_domain AS d ON d.server_id = u.server_id AND d.domain = SUBSTRING_INDEX(u.email, '@', -1)
 WHERE u.server_id = :server_id

-- Without include_alias, or in a domain that is switched off or only an alias of another, the row of an alias only keeps the
-- catch-all away.
UNION ALL
SELECT f.source,
       CASE WHEN f.active = 'y' AND f.allow_send_as = 'y' AND d.active = 'y' THEN f.destination END,  -- if include_alias
       NULL,                                                                                          -- if not include_alias
       'alias'
  FROM mail_forwarding AS f
  LEFT JOIN mail_domain AS d ON d.server_id = f.server_id AND d.domain = SUBSTRING_INDEX(f.source, '@', -1)
 WHERE f.server_id = :server_id AND f.type IN ('alias', 'forward')

-- The same in the domains that are aliases of another: a row '@alias' with the destination '@target'.
-- if include_alias_domain
UNION ALL
SELECT CONCAT(LEFT(u.email, CHAR_LENGTH(u.email) - CHAR_LENGTH(ad.destination)), ad.source),
       CASE WHEN u.disablesmtp = 'n' THEN u.email END,
       'alias'
  FROM mail_forwarding AS ad
  JOIN mail_domain AS d ON d.server_id = ad.server_id AND d.domain = SUBSTRING(ad.destination, 2)
  JOIN mail_user AS u ON u.server_id = ad.server_id AND SUBSTRING_INDEX(u.email, '@', -1) = d.domain
 WHERE ad.server_id = :server_id AND ad.type = 'aliasdomain' AND ad.active = 'y' AND d.active = 'y'
   AND NOT EXISTS (SELECT 1 FROM mail_domain AS o
                    WHERE o.server_id = ad.server_id AND o.domain = SUBSTRING(ad.source, 2) AND o.active = 'n')
UNION ALL
SELECT CONCAT(LEFT(f.source, CHAR_LENGTH(f.source) - CHAR_LENGTH(ad.destination)), ad.source),
       CASE WHEN f.active = 'y' AND f.allow_send_as = 'y' THEN f.destination END,  -- if include_alias
       NULL,                                                                       -- if not include_alias
       'alias'
  FROM mail_forwarding AS ad
  JOIN mail_domain AS d ON d.server_id = ad.server_id AND d.domain = SUBSTRING(ad.destination, 2)
  JOIN mail_forwarding AS f ON f.server_id = ad.server_id AND SUBSTRING_INDEX(f.source, '@', -1) = d.domain
 WHERE ad.server_id = :server_id AND ad.type = 'aliasdomain' AND ad.active = 'y' AND d.active = 'y'
   AND f.type IN ('alias', 'forward')
   AND NOT EXISTS (SELECT 1 FROM mail_domain AS o
                    WHERE o.server_id = ad.server_id AND o.domain = SUBSTRING(ad.source, 2) AND o.active = 'n')
-- end

-- if include_catchall
UNION ALL
SELECT f.source, f.destination, 'catch-all'
  FROM mail_forwarding AS f
  JOIN mail_domain AS d ON d.server_id = f.server_id AND d.domain = SUBSTRING(f.source, 2)
 WHERE f.server_id = :server_id AND f.type = 'catchall' AND f.active = 'y' AND f.allow_send_as = 'y' AND d.active = 'y'
-- end
-- if include_catchall and include_alias_domain
UNION ALL
SELECT ad.source, f.destination, 'catch-all'
  FROM mail_forwarding AS ad
  JOIN mail_domain AS d ON d.server_id = ad.server_id AND d.domain = SUBSTRING(ad.destination, 2)
  JOIN mail_forwarding AS f ON f.server_id = ad.server_id AND f.source = ad.destination
 WHERE ad.server_id = :server_id AND ad.type = 'aliasdomain' AND ad.active = 'y' AND d.active = 'y'
   AND f.type = 'catchall' AND f.active = 'y' AND f.allow_send_as = 'y'
   AND NOT EXISTS (SELECT 1 FROM mail_domain AS o
                    WHERE o.server_id = ad.server_id AND o.domain = SUBSTRING(ad.source, 2) AND o.active = 'n')
-- end

-- if extra_owners
UNION ALL
SELECT CONCAT('@', d.domain), :extra_owners, 'grant'
  FROM mail_domain AS d
 WHERE d.server_id = :server_id AND d.active = 'y'
-- end
-- if extra_owners and include_alias_domain
UNION ALL
SELECT ad.source, :extra_owners, 'grant'
  FROM mail_forwarding AS ad
 WHERE ad.server_id = :server_id AND ad.type = 'aliasdomain' AND ad.active = 'y'
   AND NOT EXISTS (SELECT 1 FROM mail_domain AS o
                    WHERE o.server_id = ad.server_id AND o.domain = SUBSTRING(ad.source, 2) AND o.active = 'n')
-- end
