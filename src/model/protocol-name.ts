/** The wire protocols: values of the label `protocol`, and of `protocol:` in the configuration. */
export type ProtocolName = "socketmap" | "tcp_table";
