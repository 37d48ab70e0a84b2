package org.pgkeel.bench.verdict;

/// A promise that was not kept.
///
/// @param promise what should have been
/// @param load    in which workload
/// @param times   how often
/// @param example one of them in words
public record Broken(String promise, String load, long times, String example) {
    @Override
    public String toString() {
        return "%s: %s, %d times, for example %s".formatted(load, promise, times, example);
    }
}
