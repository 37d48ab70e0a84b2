package org.pgkeel.proxy.config;

import java.util.OptionalInt;

/// `order-by` of a rule of `coalesce`: rows that are equal in a column are inserted in the order in which they came.
///
/// @param column      as the catalogue has it
/// @param inFlightMax rows of one value that are on their way at once: `max-in-flight-per-key`; empty: any number
public record KeyOrder(String column, OptionalInt inFlightMax) {}
