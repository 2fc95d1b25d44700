-- ViMbAdmin: every domain in which somebody may own an address.
SELECT d.domain FROM domain AS d WHERE d.active = 1
