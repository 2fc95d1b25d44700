-- Modoboa: every domain in which somebody may own an address.
SELECT d.name FROM admin_domain AS d WHERE d.enabled = '1'
UNION                                                          -- if include_alias_domain
SELECT da.name FROM admin_domainalias AS da WHERE da.enabled = '1'  -- if include_alias_domain
UNION
SELECT SUBSTRING_INDEX(s.address, '@', -1) FROM admin_senderaddress AS s        -- if not pgsql
SELECT regexp_replace(s.address, '^.*@', '') FROM admin_senderaddress AS s      -- if pgsql
