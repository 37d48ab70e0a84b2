package org.pgkeel.failover.patroni;

/// What became of one request to a member's REST API.
public sealed interface PatroniAnswer {
    /// @param code 200 or 503 from Patroni itself
    record Status(int code, MemberStatus status) implements PatroniAnswer {}

    record Map(ClusterDocument document) implements PatroniAnswer {}

    /// `/history` as it came.
    record History(String json) implements PatroniAnswer {}

    /// The dynamic configuration, as far as it is needed.
    record Settings(long ttlMillis, long loopWaitMillis) implements PatroniAnswer {}

    /// @param text one line; quotes nothing of what came
    record Failed(Kind kind, String text) implements PatroniAnswer {}

    enum Kind {
        /// Nobody listens, or no way there.
        UNREACHABLE("unreachable"),
        /// No whole answer within the deadline.
        TIMEOUT("timeout"),
        /// The connection was closed without an answer, as Patroni does where it needs its DCS and has none.
        CLOSED("closed"),
        /// 401, 403: the login is wrong.
        DENIED("denied"),
        /// Any other code that Patroni does not give.
        HTTP("http"),
        /// An answer, but none of Patroni's.
        NONSENSE("nonsense"),
        TOO_LARGE("too_large"),
        /// No TLS, or a certificate that does not verify.
        TLS("tls"),
        /// Another member, or another cluster, than was asked.
        WRONG_MEMBER("wrong_member");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /// In logs, metrics and the console.
        public String word() {
            return word;
        }
    }
}
