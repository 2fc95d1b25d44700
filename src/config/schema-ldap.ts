/** The keys of a source in a directory: how it is reached, and what it is asked. Part of schema-sources.ts. */
import { listOf, optional, optionalSection, withDefault } from "./key.ts";
import { choice, ldapUri, path, secret, text, truth } from "./value-types.ts";

const ldap = ["ldap"] as const;

const filters = optionalSection(
  "The site's own search filters (RFC 4515), one per role. The placeholders `:email`, `:user` and `:domain` stand in values; what is put there is a value, whatever it holds, and never part of the filter.",
  {
    address: optional(text, {
      help: "Finds the entries that own the address. Asked for the full address, then for it without its extension, then, for `local_domains`, for the bare localpart.",
      example: '"(&(objectClass=mailUser)(|(mail=:email)(shadowAddress=:email)))"',
      drivers: ldap,
    }),
    domain: optional(text, {
      help: "Finds the entries that own every address of a domain (catch-all). Asked only when no `address` filter found an owner.",
      example: '"(catchAllFor=:domain)"',
      drivers: ldap,
    }),
    grant: optional(text, {
      help: "Finds who may send as the address on top of its owners.",
      example: '"(maySendAs=:email)"',
      drivers: ldap,
    }),
    domains: optional(text, {
      help: "Finds the hosted domains, whose names are in `domain_attribute`. With it, an address of any other domain is answered without asking the directory.",
      example: '"(objectClass=mailDomain)"',
      drivers: ldap,
    }),
    listing: optional(text, {
      help: "Finds every entry that the other filters can find, so that the source can be followed (`listing_interval`). Its addresses are where the other filters look for them: in the attributes that they compare with `:email`, or with `:domain` in the role `domain`. Groups among the entries are listed with the logins of their members.",
      example: '"(objectClass=mailUser)"',
      drivers: ldap,
    }),
  },
  { drivers: ldap },
);

/** The keys that driver ldap alone has. */
export const ldapKeys = {
  uri: listOf(ldapUri, ["ldap://127.0.0.1"], {
    help: "Where the directory listens: `ldap://host`, `ldaps://host:636`, or `ldapi://%2Frun%2Fslapd%2Fldapi` for a unix socket. With several, unix sockets are tried before the network, otherwise in this order; one that cannot be reached is left out until it is back.",
    example: '["ldaps://ldap1.example.com", "ldaps://ldap2.example.com"]',
    drivers: ldap,
  }),
  start_tls: withDefault(truth, "false", {
    help: "Whether TLS begins on `ldap://` before anything else is said. `tls` says how certificates are checked; without it, against the authorities of the system.",
    example: "true",
    drivers: ldap,
  }),
  bind_dn: optional(text, {
    help: "The DN of the account that searches. Without it the directory is asked as nobody. Active Directory takes `user@domain` too.",
    example: '"cn=loginmapd,dc=example,dc=com"',
    drivers: ldap,
  }),
  bind_password: optional(secret, {
    help: "Its password. Prefer `bind_password_file`, or the environment variable, to a password in this file.",
    example: '"correct horse"',
    drivers: ldap,
  }),
  bind_password_file: optional(path, {
    help: "A file that holds the password alone; as `password_file`.",
    example: "/etc/loginmapd/ldap-password",
    drivers: ldap,
  }),
  search_base: optional(text, {
    help: "The entry below which is searched. `:email`, `:user` and `:domain` may stand in it; such a base need not exist for every address. Required, except with `postfix_cf`.",
    example: '"dc=example,dc=com"',
    drivers: ldap,
  }),
  scope: withDefault(choice("sub", "one", "base"), "sub", {
    help: "How far below the base: all of it, the entries right below it, or the base alone.",
    example: "sub",
    drivers: ldap,
  }),
  filters,
  result_attribute: listOf(text, [], {
    help: "Attributes of every entry found whose values are owners, one or several in a value.",
    example: "[mailForwardingAddress]",
    drivers: ldap,
  }),
  login_attribute: optional(text, {
    help: "The attribute that holds a person's login. It is taken of the entries found, and of those that `member_attribute` leads to; not of an entry that has members, which is a group. Needed unless there is a `result_attribute`.",
    example: "uid",
    drivers: ldap,
  }),
  member_attribute: listOf(text, [], {
    help: "Attributes whose values are the DNs, or LDAP URLs, of the entries that own: members of a group, managers of a mailbox. Groups may hold groups, up to 100 deep; a circle makes the lookup fail.",
    example: "[member]",
    drivers: ldap,
  }),
  domain_attribute: listOf(text, [], {
    help: "Attributes that hold the name of a domain in the entries of `filters.domains`.",
    example: "[domainName, domainAliasName]",
    drivers: ldap,
  }),
};
