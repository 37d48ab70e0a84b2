package org.pgkeel.proxy.backend;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.tls.BackendTls;

/// Where to connect, as whom, and how long to try.
///
/// @param address           its name is resolved anew for every connect, off the event loop
/// @param startupParameters sent behind `user` and `database`; `replication`, `options`, `client_encoding` and the like
/// @param question          a simple Query that gives one row: asked behind the login, its answer is the greeting's
/// @param connectTimeout    from the first packet to ReadyForQuery, TLS, authentication and question included; zero means no limit
public record BackendTarget(NodeAddress address, String database, String user, Credential credential, BackendTls tls,
                            SequencedMap<String, String> startupParameters, Optional<String> question, Duration connectTimeout) {
    public BackendTarget {
        startupParameters = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(startupParameters));
    }

    /// Asks nothing.
    public BackendTarget(NodeAddress address, String database, String user, Credential credential, BackendTls tls,
                         SequencedMap<String, String> startupParameters, Duration connectTimeout) {
        this(address, database, user, credential, tls, startupParameters, Optional.empty(), connectTimeout);
    }
}
