package org.pgkeel.proxy.pool;

/// What makes two sessions share backend connections.
///
/// @param database the database that the client named
/// @param user     the user that the client logged in as
public record PoolKey(String database, String user) {}
