package org.pgkeel.proxy.config;

import java.util.List;
import java.util.Set;

/// One line of `auth.rules`, as in `pg_hba.conf`: the first that fits decides.
///
/// @param connection which kind of connection it speaks of
/// @param databases  names, or `all`; empty means all
/// @param users      names, or `all`; empty means all
/// @param addresses  CIDR ranges, or `all`; empty means all
/// @param method     how the client proves itself
public record AuthRule(Connection connection, Set<String> databases, Set<String> users, List<String> addresses, AuthMethod method) {
    /// `host`: TCP with or without TLS; `hostssl`: with; `hostnossl`: without; `local`: Unix-domain socket.
    public enum Connection { HOST, HOSTSSL, HOSTNOSSL, LOCAL }
}
