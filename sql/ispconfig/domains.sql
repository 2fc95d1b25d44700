-- ISPConfig: every domain of this server in which somebody may own an address.
SELECT d.domain FROM mail_domain AS d WHERE d.server_id = :server_id AND d.active = 'y'
-- if include_alias_domain
UNION
SELECT SUBSTRING(ad.source, 2)
  FROM mail_forwarding AS ad
 WHERE ad.server_id = :server_id AND ad.type = 'aliasdomain' AND ad.active = 'y'
-- end
