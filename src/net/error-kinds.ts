/** Which kind of `loginmapd_protocol_errors_total` an error of the protocol counts as. */
import type { ProtocolError } from "../model/errors.ts";
import type { ProtocolErrorKind } from "../model/tally.ts";

export const errorKinds: Record<ProtocolError["code"], ProtocolErrorKind> = {
  ERR_NETSTRING_LENGTH: "framing",
  ERR_NETSTRING_TERMINATOR: "framing",
  ERR_NOT_A_GET: "framing",
  ERR_NETSTRING_TOO_LARGE: "too_large",
  ERR_LINE_TOO_LONG: "too_large",
  ERR_QUERY_TOO_LARGE: "too_large",
  ERR_MILTER_LENGTH: "framing",
  ERR_MILTER_TOO_LARGE: "too_large",
  ERR_MILTER_COMMAND: "framing",
  ERR_MILTER_PAYLOAD: "framing",
  ERR_MILTER_ORDER: "framing",
  ERR_MILTER_VERSION: "framing",
  ERR_FRAME_TIMEOUT: "frame_timeout",
};
