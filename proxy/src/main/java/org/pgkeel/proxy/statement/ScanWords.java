package org.pgkeel.proxy.statement;

import io.netty.buffer.ByteBuf;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The words that [StatementScan] knows.
final class ScanWords {
    // Internal flags, above those of StatementScan.
    /// INSERT begins a statement: its INTO makes nothing.
    static final int INSERT = 1 << 5;
    /// `hold`; counts with DECLARE.
    static final int HOLD = 1 << 6;
    static final int DECLARE = 1 << 7;
    /// `temp`, `temporary`; counts with CREATE and with INTO.
    static final int TEMP = 1 << 8;
    static final int CREATE = 1 << 9;
    /// `to`, `prepared`, `chain`: make more of COMMIT and ROLLBACK.
    static final int SECOND_WORD = 1 << 10;
    /// `now` and the like; counts in quotes.
    static final int VOLATILE = 1 << 11;
    /// The `U` of `U&'...'`.
    static final int UNICODE_PREFIX = 1 << 12;
    static final int INTO = 1 << 13;

    /// In a table entry: low half what the word means anywhere, high half what it means as a statement's first word.
    static final int ANYWHERE = 0xffff;
    static final int FIRST_SHIFT = 16;

    private static final int SLOT_BITS = 10;
    /// Words by their first eight bytes.
    private static final long[] KEYS = new long[1 << SLOT_BITS];
    private static final int[] WORDS = new int[1 << SLOT_BITS];
    private static final long MULTIPLIER;
    /// Words of more than eight bytes, by hash; another word with such a hash only makes it look closer.
    private static final int[] LONG_HASHES;
    private static final int[] LONG_WORDS;

    private static final long HIGH_BITS = 0x8080808080808080L;
    private static final long EACH = 0x0101010101010101L;

    static {
        Map<String, Integer> words = new LinkedHashMap<>();
        for (String word : new String[] {"set", "reset", "discard", "deallocate", "prepare", "listen", "unlisten", "load",
                "savepoint", "release", "do", "close"}) {
            add(words, word, StatementScan.LOOK_CLOSER << FIRST_SHIFT);
        }
        for (String word : new String[] {"begin", "start", "commit", "end", "rollback", "abort"}) {
            add(words, word, StatementScan.TRANSACTION_CONTROL << FIRST_SHIFT);
        }
        for (String word : new String[] {"create", "alter", "drop", "import"}) {
            add(words, word, StatementScan.DDL << FIRST_SHIFT);
        }
        add(words, "insert", INSERT << FIRST_SHIFT);
        add(words, "declare", DECLARE << FIRST_SHIFT);
        for (String word : new String[] {"set_config", "pg_temp", "pg_settings", "execute"}) {
            add(words, word, StatementScan.LOOK_CLOSER);
        }
        for (String word : SessionFunctions.names()) {
            add(words, word, StatementScan.LOOK_CLOSER);
        }
        for (String word : new String[] {"now", "today", "tomorrow", "yesterday"}) {
            add(words, word, VOLATILE);
        }
        for (String word : new String[] {"to", "prepared", "chain"}) {
            add(words, word, SECOND_WORD);
        }
        add(words, "hold", HOLD);
        add(words, "temp", TEMP);
        add(words, "temporary", TEMP);
        add(words, "create", CREATE);
        add(words, "into", INTO);
        add(words, "u", UNICODE_PREFIX);
        Map<Long, Integer> byKey = new LinkedHashMap<>();
        words.forEach((word, meaning) -> byKey.merge(key(word), meaning, (a, b) -> a | b));
        MULTIPLIER = multiplier(byKey.keySet());
        byKey.forEach((key, meaning) -> {
            KEYS[slot(key, MULTIPLIER)] = key;
            WORDS[slot(key, MULTIPLIER)] = meaning;
        });
        List<String> longWords = words.keySet().stream().filter(word -> word.length() > 8).toList();
        LONG_HASHES = longWords.stream().mapToInt(ScanWords::hash).toArray();
        LONG_WORDS = longWords.stream().mapToInt(words::get).toArray();
    }

    private ScanWords() {}

    /// The high bit of each byte that is no part of a word. Letters, digits, `_` and bytes beyond ASCII are; `$` is not, so that
    /// words right behind a dollar quote are seen.
    static long separators(long bytes) {
        long ascii = bytes & ~HIGH_BITS;
        long lower = ascii | 0x20 * EACH;
        // A sum has its high bit set if the byte is at least the limit; `_` has become 0x7f.
        long letters = lower + (0x80 - 'a') * EACH ^ lower + (0x80 - ('z' + 1)) * EACH | lower + (0x80 - 0x7f) * EACH;
        long digits = ascii + (0x80 - '0') * EACH ^ ascii + (0x80 - ('9' + 1)) * EACH;
        return ~(letters | digits | bytes) & HIGH_BITS;
    }

    /// A word by its first eight bytes, the same for upper and lower case.
    ///
    /// @param length how many of the bytes are the word's
    static long key(long bytes, int length) {
        return length == 8 ? bytes | 0x20 * EACH : (bytes | 0x20 * EACH) & (1L << (length << 3)) - 1;
    }

    /// @return what the word means, or a longer one that begins like it; 0 for a word that is not known
    static int find(long key) {
        int slot = slot(key, MULTIPLIER);
        return KEYS[slot] == key ? WORDS[slot] : 0;
    }

    /// @return what a word of more than eight bytes means, 0 if it is not known
    static int findLong(ByteBuf buf, int from, int to) {
        int hash = 0;
        for (int at = from; at < to; at++) {
            hash = hash * 31 + (buf.getByte(at) | 0x20);
        }
        for (int i = 0; i < LONG_HASHES.length; i++) {
            if (LONG_HASHES[i] == hash) {
                return LONG_WORDS[i];
            }
        }
        return 0;
    }

    private static int hash(String word) {
        int hash = 0;
        for (int at = 0; at < word.length(); at++) {
            hash = hash * 31 + (word.charAt(at) | 0x20);
        }
        return hash;
    }

    private static int slot(long key, long multiplier) {
        return (int) (key * multiplier >>> 64 - SLOT_BITS);
    }

    private static long key(String word) {
        int length = Math.min(word.length(), 8);
        long bytes = 0;
        for (int i = length - 1; i >= 0; i--) {
            bytes = bytes << 8 | word.charAt(i);
        }
        return key(bytes, length);
    }

    /// @return an odd number that gives each key a slot of its own
    private static long multiplier(Set<Long> keys) {
        long candidate = 0x9E3779B97F4A7C15L;
        while (true) {
            long multiplier = candidate;
            if (keys.stream().map(key -> slot(key, multiplier)).distinct().count() == keys.size()) {
                return multiplier;
            }
            candidate = candidate * 0xD1342543DE82EF95L + 2;
        }
    }

    private static void add(Map<String, Integer> words, String word, int meaning) {
        words.merge(word, meaning, (a, b) -> a | b);
    }
}
