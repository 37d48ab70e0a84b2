package org.pgkeel.proxy.backend;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.tls.BackendTls;

/// Where to connect, as whom, and how long to try.
///
/// @param address           its name is resolved anew for every connect, off the event loop
/// @param startupParameters sent behind `user` and `database`; `replication`, `options`, `client_encoding` and the like
/// @param connectTimeout    from the first packet to ReadyForQuery, TLS and authentication included; zero means no limit
public record BackendTarget(NodeAddress address, String database, String user, Credential credential, BackendTls tls,
                            SequencedMap<String, String> startupParameters, Duration connectTimeout) {
    public BackendTarget {
        startupParameters = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(startupParameters));
    }
}
