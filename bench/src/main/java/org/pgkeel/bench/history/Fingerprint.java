package org.pgkeel.bench.history;

/// A 64-bit digest of a list that can be continued value by value, so that a history need not keep the lists that were read.
public final class Fingerprint {
    public static final long EMPTY = 0x9E3779B97F4A7C15L;

    private Fingerprint() {}

    /// The digest of a list with one more value at its end.
    public static long next(long fingerprint, long value) {
        long mixed = (fingerprint ^ value) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 29) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 32;
    }

    public static long of(long... values) {
        long fingerprint = EMPTY;
        for (long value : values) fingerprint = next(fingerprint, value);
        return fingerprint;
    }
}
