package org.pgkeel.bench.report;

import java.util.Arrays;

/// The little arithmetic that the verdicts rest on.
public final class Statistics {
    private Statistics() {}

    /// The middle value, or the mean of the two middle ones. NaN of nothing.
    public static double median(double... values) {
        if (values.length == 0) return Double.NaN;
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// The smallest value that at least `percent` of all values do not exceed (nearest rank). NaN of nothing.
    ///
    /// @param percent above 0, 100 at most
    public static double percentile(double percent, double... values) {
        if (!(percent > 0 && percent <= 100)) throw new IllegalArgumentException("percent: " + percent);
        if (values.length == 0) return Double.NaN;
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int rank = (int) Math.ceil(percent / 100 * sorted.length);
        return sorted[Math.clamp(rank, 1, sorted.length) - 1];
    }
}
