package org.pgkeel.proxy.observe;

/// One rule of `routing` at one moment.
///
/// @param position    in the file, from 1; 0 for what no rule decided
/// @param name        empty for what no rule decided
/// @param conditions  what it asks, as the file writes it
/// @param destination where it sends what fits
/// @param hits        statements and transactions that it decided since it was loaded
public record RouteSnapshot(int position, String name, String conditions, String destination, long hits) {}
