-- Thomas Leister's vmail schema: every domain in which somebody may own an address.
SELECT d.domain FROM domains AS d
