package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;

/// A batch of the proxy's own on a backend connection: its replies reach no client. One call of [#done] ends it.
///
/// Threading: confined to the connection's event loop.
public interface Aside {
    /// The backend said no. The batch goes on to its [#done].
    /// @param errorBody the ErrorResponse behind its length
    void error(byte[] errorBody);

    /// A row.
    /// @param in   holds the DataRow's body; not kept
    /// @param from where the body begins
    default void dataRow(ByteBuf in, int from, int bytes) {}

    /// A row whose first column is not NULL.
    /// @param in   not kept
    /// @param from where the first column's text begins
    default void row(ByteBuf in, int from, int bytes) {}

    /// A parameter has a new value.
    default void parameterStatus(String name, String value) {}

    /// The client is told of this parameter's new value.
    default boolean tellsClient(String name, String value) {
        return false;
    }

    /// ReadyForQuery.
    /// @param status its byte
    void done(byte status);
}
