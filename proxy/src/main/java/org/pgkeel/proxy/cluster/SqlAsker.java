package org.pgkeel.proxy.cluster;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.pgkeel.failover.topology.NodeAddress;

/// Asks one server one question, on a connection of the proxy's own. Threading: any; must not block.
public interface SqlAsker {
    /// @param sql one simple Query
    /// @return the rows, as text, NULL as the empty text. It fails with [Refused], or with any other
    ///         exception where there is no answer
    CompletionStage<List<List<String>>> ask(NodeAddress node, String sql);

    /// Nobody listens there, or the server lets nobody in (57P03): at that time nobody could write there.
    final class Refused extends RuntimeException {
        public Refused(String message) {
            super(message, null, false, false);
        }
    }
}
