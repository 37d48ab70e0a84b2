package org.pgkeel.failover.topology;

/// The server that takes writes.
///
/// Threading: immutable.
///
/// @param name     Patroni's name of the member; the address where there is no Patroni
/// @param timeline as PostgreSQL itself says
public record Primary(String name, NodeAddress address, int timeline, Lifetime lifetime) {}
