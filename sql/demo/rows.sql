-- The rows of the demo database, for the native schema on either engine. The documentation and the tests use them.
INSERT INTO domains (domain, active) VALUES
  ('example.com', 1),
  ('catch.example', 1),
  ('example.net', 0);

INSERT INTO logins (login, active) VALUES
  ('alice@example.com', 1),
  ('bob@example.com', 1),
  ('dave@example.com', 0),
  ('erin@catch.example', 1),
  ('frank@example.net', 1);

INSERT INTO addresses (domain, localpart, login) VALUES
  ('example.com', 'alice', 'alice@example.com'),
  ('example.com', 'bob', 'bob@example.com'),
  ('example.com', 'dave', 'dave@example.com'),
  ('example.com', 'sales', 'alice@example.com'),
  ('example.com', 'sales', 'bob@example.com'),
  ('catch.example', 'erin', 'erin@catch.example'),
  ('example.net', 'frank', 'frank@example.net');

INSERT INTO catch_alls (domain, login) VALUES
  ('catch.example', 'erin@catch.example');

INSERT INTO send_as_grants (domain, localpart, login) VALUES
  ('partner.example', 'newsletter', 'bob@example.com');
