package org.pgkeel.proxy.login;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// The texts of refused logins, worded as PostgreSQL words them where it has such a refusal.
final class LoginRefusals {
    private static final int LOGGED_CHARS_MAX = 64;

    private LoginRefusals() {}

    /// One text for a wrong password, a wrong kind of secret and a user who does not exist.
    static Refusal badPassword(String user) {
        return Refusal.of(RefusalReason.BAD_PASSWORD, "password authentication failed for user \"" + user + "\"");
    }

    static Refusal badCertificate(String user) {
        return Refusal.of(RefusalReason.INVALID_AUTHORIZATION, "certificate authentication failed for user \"" + user + "\"");
    }

    static Refusal rejected(AuthRules.Subject subject) {
        return Refusal.of(RefusalReason.REJECTED_BY_RULE, "no auth.rules entry lets in " + described(subject));
    }

    static Refusal tlsNeeded(AuthRules.Subject subject) {
        return Refusal.of(RefusalReason.REJECTED_BY_RULE, "TLS is required: " + described(subject), "listen.tls.mode = require");
    }

    static Refusal clearPasswordForbidden(AuthRules.Subject subject) {
        return Refusal.of(RefusalReason.REJECTED_BY_RULE,
                "a clear-text password is not accepted over an unencrypted connection: " + described(subject),
                "Connect with TLS, or let a hostnossl entry of auth.rules say method = password.");
    }

    static Refusal secretsUnavailable() {
        return Refusal.of(RefusalReason.BACKEND_UNAVAILABLE, "the login cannot be checked now: the server that knows the users does not answer");
    }

    static Refusal tooManyLogins(int max) {
        return Refusal.of(RefusalReason.TOO_MANY_LOGINS, "too many logins under way, " + max + " at most", "auth.pending-max");
    }

    static Refusal timeout() {
        return Refusal.of(RefusalReason.LOGIN_TIMEOUT, "canceling authentication due to timeout", "timeouts.login");
    }

    static Refusal unsupportedProtocol(int major, int minor) {
        return Refusal.of(RefusalReason.UNSUPPORTED_PROTOCOL,
                "unsupported frontend protocol " + major + "." + minor + ": server supports 3.0 to 3.2");
    }

    static Refusal badReplication() {
        return Refusal.of(RefusalReason.BAD_STARTUP_PARAMETER, "invalid value for parameter \"" + Replication.PARAMETER + "\"",
                "Valid values are: \"false\", 0, \"true\", 1, \"database\".");
    }

    static Refusal violation(String text) {
        return Refusal.of(RefusalReason.PROTOCOL_VIOLATION, text);
    }

    static Refusal internalError() {
        return Refusal.of(RefusalReason.INTERNAL_ERROR, "internal error during the login");
    }

    static Refusal outOfMemory() {
        return Refusal.of(RefusalReason.OUT_OF_MEMORY, "out of memory");
    }

    private static String described(AuthRules.Subject subject) {
        String database = switch (subject.purpose()) {
            case SESSION -> "database \"" + subject.database() + "\"";
            case PHYSICAL_REPLICATION -> "replication";
        };
        return host(subject.address()) + ", user \"" + subject.user() + "\", " + database + ", " + switch (subject.kind()) {
            case TLS -> "SSL encryption";
            case TCP -> "no encryption";
            case UNIX_SOCKET -> "Unix-domain socket";
        };
    }

    private static String host(SocketAddress address) {
        return address instanceof InetSocketAddress inet && inet.getAddress() != null
                ? "host \"" + inet.getAddress().getHostAddress() + "\"" : "host \"[local]\"";
    }

    /// What a client calls itself, fit for one line of a log.
    static String loggable(String name) {
        String shown = name.length() <= LOGGED_CHARS_MAX ? name : name.substring(0, LOGGED_CHARS_MAX) + "...";
        var text = new StringBuilder();
        shown.codePoints().forEach(c -> text.appendCodePoint(Character.isISOControl(c) || Character.getType(c) == Character.FORMAT
                || Character.getType(c) == Character.LINE_SEPARATOR || Character.getType(c) == Character.PARAGRAPH_SEPARATOR ? '?' : c));
        return text.toString();
    }
}
