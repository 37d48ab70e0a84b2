package org.pgkeel.bench.verdict;

/// Something that happened at a moment of a round, for the charts.
public record Mark(long atNanos, String what) {}
