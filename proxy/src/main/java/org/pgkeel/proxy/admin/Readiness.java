package org.pgkeel.proxy.admin;

import java.util.List;

/// Whether a load balancer should send clients here: the listener is open, no shutdown has begun, and of every cluster
/// at least one PostgreSQL could be reached lately.
public sealed interface Readiness {
    Readiness READY = new Ready();

    record Ready() implements Readiness {}

    /// @param reasons one sentence each, no secrets: the health endpoint shows them
    record NotReady(List<String> reasons) implements Readiness {
        public NotReady {
            reasons = List.copyOf(reasons);
        }
    }
}
