package org.pgkeel.protocol.wire;

/// How large the body of a message may be, by its type byte. A type that is not expected at all is a violation,
/// so that garbage ends a connection at its first byte instead of after the length it happens to spell.
@FunctionalInterface
public interface FrameLimits {
    /// PostgreSQL's own limit for a message of the login (`PG_MAX_AUTH_TOKEN_LENGTH`).
    int LOGIN_BODY_BYTES_MAX = 65_535;
    /// PostgreSQL's own limit for messages that carry no statement and no data (`PQ_SMALL_MESSAGE_LIMIT`).
    int SMALL_BODY_BYTES_MAX = 10_000;

    /// @throws ProtocolViolation if no message of this type may come now
    int bodyBytesMax(byte type);

    /// What a client may send while it logs in: answers to authentication requests.
    static FrameLimits frontendLogin() {
        return type -> {
            if (type != FrontendType.PASSWORD) throw unexpected(type, "during the login");
            return LOGIN_BODY_BYTES_MAX;
        };
    }

    /// What a client may send once it is logged in.
    /// @param largeBytesMax limit of the messages that carry statements, parameters or COPY data
    static FrameLimits frontend(int largeBytesMax) {
        return type -> switch (type) {
            case FrontendType.QUERY, FrontendType.PARSE, FrontendType.BIND, FrontendType.FUNCTION_CALL,
                 FrontendType.COPY_DATA -> largeBytesMax;
            case FrontendType.CLOSE, FrontendType.COPY_DONE, FrontendType.COPY_FAIL, FrontendType.DESCRIBE,
                 FrontendType.EXECUTE, FrontendType.FLUSH, FrontendType.SYNC, FrontendType.TERMINATE ->
                    Math.min(SMALL_BODY_BYTES_MAX, largeBytesMax);
            default -> throw unexpected(type, "from a client");
        };
    }

    /// What a server may send until its first ReadyForQuery.
    static FrameLimits backendLogin() {
        return type -> switch (type) {
            case BackendType.AUTHENTICATION, BackendType.BACKEND_KEY_DATA, BackendType.ERROR_RESPONSE,
                 BackendType.NEGOTIATE_PROTOCOL_VERSION, BackendType.NOTICE_RESPONSE, BackendType.PARAMETER_STATUS,
                 BackendType.READY_FOR_QUERY -> LOGIN_BODY_BYTES_MAX;
            default -> throw unexpected(type, "during the login");
        };
    }

    /// What a server may send after its first ReadyForQuery.
    /// @param bytesMax limit of each message: a row or an error may be of any size
    static FrameLimits backend(int bytesMax) {
        return type -> switch (type) {
            case BackendType.AUTHENTICATION, BackendType.BACKEND_KEY_DATA, BackendType.BIND_COMPLETE,
                 BackendType.CLOSE_COMPLETE, BackendType.COMMAND_COMPLETE, BackendType.COPY_BOTH_RESPONSE,
                 BackendType.COPY_DATA, BackendType.COPY_DONE, BackendType.COPY_IN_RESPONSE,
                 BackendType.COPY_OUT_RESPONSE, BackendType.DATA_ROW, BackendType.EMPTY_QUERY_RESPONSE,
                 BackendType.ERROR_RESPONSE, BackendType.FUNCTION_CALL_RESPONSE,
                 BackendType.NEGOTIATE_PROTOCOL_VERSION, BackendType.NO_DATA, BackendType.NOTICE_RESPONSE,
                 BackendType.NOTIFICATION_RESPONSE, BackendType.PARAMETER_DESCRIPTION, BackendType.PARAMETER_STATUS,
                 BackendType.PARSE_COMPLETE, BackendType.PORTAL_SUSPENDED, BackendType.READY_FOR_QUERY,
                 BackendType.ROW_DESCRIPTION -> bytesMax;
            default -> throw unexpected(type, "from a server");
        };
    }

    private static ProtocolViolation unexpected(byte type, String when) {
        return new ProtocolViolation(Frame.name(type) + " is not expected " + when);
    }
}
