-- ISPmail: every domain in which somebody may own an address. Nothing in the schema holds the domain of an address to the row
-- of virtual_domains that it names, so the addresses are asked too.
SELECT d.name FROM virtual_domains AS d
UNION
SELECT SUBSTRING_INDEX(u.email, '@', -1) FROM virtual_users AS u
UNION                                                                -- if include_alias
SELECT SUBSTRING_INDEX(a.source, '@', -1) FROM virtual_aliases AS a  -- if include_alias
