package org.pgkeel.bench.cluster;

import java.io.IOException;

/// A proxy that can be started, any number of times, each on a port of its own.
public interface ProxyProgram {
    String name();

    String version();

    /// @return at once; the proxy may not listen yet
    RunningProxy start() throws IOException;
}
