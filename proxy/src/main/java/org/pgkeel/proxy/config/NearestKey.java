package org.pgkeel.proxy.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;

/// The known key that an unknown one was probably meant to be, by edit distance.
final class NearestKey {
    private NearestKey() {}

    /// @param siblings the keys of the section the unknown one stands in
    /// @param kinds    every known key, in full
    /// @return the nearest sibling; a key of the same word in another section if no sibling is near
    static String of(String section, String name, Set<String> siblings, Collection<String> kinds) {
        Optional<String> sibling = nearest(name, siblings);
        if (sibling.isPresent() && distance(name, sibling.get()) <= Math.max(2, name.length() / 3)) {
            return quote(section, sibling.get());
        }
        String word = name.replace('_', '-').toLowerCase(java.util.Locale.ROOT);
        Optional<String> elsewhere = kinds.stream().filter(kind -> kind.endsWith("." + word) || kind.equals(word) || kind.endsWith("." + word.replaceFirst("-", ".")))
                .min(Comparator.comparingInt(String::length));
        return elsewhere.map(kind -> "'" + kind + "'").or(() -> sibling.map(near -> quote(section, near)))
                .orElseGet(() -> "'" + nearest(name, kinds).orElse("") + "'");
    }

    private static String quote(String section, String name) {
        return "'" + (section.isEmpty() ? name : section + "." + name) + "'";
    }

    private static Optional<String> nearest(String name, Collection<String> candidates) {
        return candidates.stream().min(Comparator.<String>comparingInt(candidate -> distance(name, candidate)).thenComparing(Comparator.naturalOrder()));
    }

    /// Levenshtein's distance where two neighbours swapped count once.
    static int distance(String a, String b) {
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                cost[i][j] = i == 0 || j == 0 ? i + j : step(a, b, i, j, cost);
            }
        }
        return cost[a.length()][b.length()];
    }

    private static int step(String a, String b, int i, int j, int[][] cost) {
        int replaced = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        int best = Math.min(replaced, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        boolean swapped = i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
        return swapped ? Math.min(best, cost[i - 2][j - 2] + 1) : best;
    }
}
