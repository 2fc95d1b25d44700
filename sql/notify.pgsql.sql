-- Tells loginmapd of every change at the moment of its commit, so that a right that is given or taken counts within some
-- milliseconds. Optional: without it loginmapd sees changes with its next listing (sources.NAME.listing_interval).
-- Run as the owner of the tables, in their database; once more after an upgrade that made new ones:
--   psql -d vmail -f notify.pgsql.sql
-- It adds a trigger to each table of a known mail stack that is there: one message for a statement, however many rows it changes,
-- and one for a transaction, however many statements. Nothing is sent but the name of the channel. To take it away:
--   DROP FUNCTION loginmapd_changed() CASCADE;

CREATE OR REPLACE FUNCTION loginmapd_changed() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  NOTIFY loginmapd;
  RETURN NULL;
END
$function$;

DO $block$
DECLARE
  watched RECORD;
BEGIN
  FOR watched IN
    SELECT to_regclass(name) AS relation, columns
      FROM (VALUES
        -- native
        ('domains', NULL), ('logins', NULL), ('addresses', NULL), ('catch_alls', NULL), ('send_as_grants', NULL),
        -- PostfixAdmin and iRedMail
        ('domain', NULL), ('mailbox', NULL), ('alias', NULL), ('alias_domain', NULL), ('forwardings', NULL),
        -- Modoboa; it notes every login in core_user, which is no change.
        ('core_user', 'email, is_active'), ('admin_domain', NULL), ('admin_domainalias', NULL), ('admin_mailbox', NULL),
        ('admin_alias', NULL), ('modoboa_admin_aliasrecipient', NULL), ('admin_senderaddress', NULL)
      ) AS known (name, columns)
     WHERE to_regclass(name) IS NOT NULL
  LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS loginmapd_changed ON %s', watched.relation);
    EXECUTE format(
      'CREATE TRIGGER loginmapd_changed AFTER INSERT OR UPDATE%s OR DELETE OR TRUNCATE ON %s
         FOR EACH STATEMENT EXECUTE FUNCTION loginmapd_changed()',
      CASE WHEN watched.columns IS NULL THEN '' ELSE ' OF ' || watched.columns END,
      watched.relation
    );
  END LOOP;
END
$block$;
