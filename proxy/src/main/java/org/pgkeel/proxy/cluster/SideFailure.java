package org.pgkeel.proxy.cluster;

import org.pgkeel.failover.probe.NodeReply;

/// Why a question to a server has no answer.
public final class SideFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final NodeReply.Kind kind;
    private final String sqlState;

    SideFailure(NodeReply.Kind kind, String sqlState, String message) {
        super(message, null, false, false);
        this.kind = kind;
        this.sqlState = sqlState;
    }

    public NodeReply.Kind kind() {
        return kind;
    }

    /// Of the server's ErrorResponse; empty if it did not send one.
    public String sqlState() {
        return sqlState;
    }
}
