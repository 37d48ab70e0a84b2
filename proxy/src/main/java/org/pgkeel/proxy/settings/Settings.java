package org.pgkeel.proxy.settings;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/// Run-time settings: parameter name to value, sorted by name. Names are in lower case. A value is the text that
/// `set_config(name, value, false)` takes, which is also what the server makes of every form of SET before it checks it; so
/// one representation serves startup parameters, SET and `set_config`, lists such as `search_path` included.
///
/// Threading: immutable. Equal settings of one event loop are one object by [SettingsInterner], and `equals` is then `==`.
public final class Settings {
    /// More are not remembered for others: a client may say as much as it likes, and something else each time.
    private static final int LARGE_CHARS = 4096;

    public static final Settings NONE = new Settings(new String[0]);

    /// name, value, name, value ..., sorted by name.
    private final String[] pairs;
    private final int hash;
    private final boolean staying;
    private final boolean asynchronous;
    private final boolean large;

    private Settings(String[] pairs) {
        this.pairs = pairs;
        this.hash = Arrays.hashCode(pairs);
        boolean any = false;
        boolean late = false;
        long length = 0;
        for (int i = 0; i < pairs.length; i += 2) {
            any |= SettingNames.stays(pairs[i]);
            late |= isAsynchronous(pairs[i], pairs[i + 1]);
            length += pairs[i].length() + pairs[i + 1].length();
        }
        this.staying = any;
        this.asynchronous = late;
        this.large = length > LARGE_CHARS;
    }

    public static Settings of(Map<String, String> values) {
        TreeMap<String, String> sorted = new TreeMap<>(values);
        String[] pairs = new String[2 * sorted.size()];
        int next = 0;
        for (Map.Entry<String, String> entry : sorted.entrySet()) {
            pairs[next++] = entry.getKey();
            pairs[next++] = entry.getValue();
        }
        return pairs.length == 0 ? NONE : new Settings(pairs);
    }

    /// How a server reads texts, as far as that is unusual: what a client that does not say so itself has to be understood by.
    /// @param parameterStatus what the server says of itself
    public static Settings ofTexts(Map<String, String> parameterStatus) {
        Settings unusual = NONE;
        for (String name : SettingNames.OF_TEXTS) {
            String value = parameterStatus.getOrDefault(name, "");
            if (!value.isEmpty() && !SettingNames.USUAL_OF_TEXTS.contains(value)) unusual = unusual.with(name, value);
        }
        return unusual;
    }

    public int size() {
        return pairs.length / 2;
    }

    public boolean isEmpty() {
        return pairs.length == 0;
    }

    public Optional<String> get(String name) {
        int at = find(name);
        return at < 0 ? Optional.empty() : Optional.of(pairs[at + 1]);
    }

    /// A backend that has them cannot be brought to others for sure: it is of no use to another client.
    public boolean stay() {
        return staying;
    }

    /// Commits are acknowledged before they are on disk.
    public boolean commitsAsynchronously() {
        return asynchronous;
    }

    /// Whether they are where a parameter is set to this.
    public static boolean isAsynchronous(String name, String value) {
        return name.equals(SettingNames.SYNCHRONOUS_COMMIT) && SettingNames.ASYNCHRONOUS.contains(value.toLowerCase(Locale.ROOT));
    }

    /// Whether they may be where a parameter is set to what is not known.
    /// @param name empty if it is not known either
    public static boolean mayBeAsynchronous(String name) {
        return name.isEmpty() || name.equals(SettingNames.SYNCHRONOUS_COMMIT);
    }

    boolean isLarge() {
        return large;
    }

    public boolean has(String name) {
        return find(name) >= 0;
    }

    public void forEach(BiConsumer<String, String> action) {
        for (int i = 0; i < pairs.length; i += 2) {
            action.accept(pairs[i], pairs[i + 1]);
        }
    }

    /// These settings and one more, or one changed.
    public Settings with(String name, String value) {
        int at = find(name);
        if (at >= 0) {
            if (pairs[at + 1].equals(value)) {
                return this;
            }
            String[] changed = pairs.clone();
            changed[at + 1] = value;
            return new Settings(changed);
        }
        int insert = -at - 1;
        String[] longer = new String[pairs.length + 2];
        System.arraycopy(pairs, 0, longer, 0, insert);
        longer[insert] = name;
        longer[insert + 1] = value;
        System.arraycopy(pairs, insert, longer, insert + 2, pairs.length - insert);
        return new Settings(longer);
    }

    /// These settings without one; the same object if it was not there.
    public Settings without(String name) {
        int at = find(name);
        if (at < 0) {
            return this;
        }
        if (pairs.length == 2) {
            return NONE;
        }
        String[] shorter = new String[pairs.length - 2];
        System.arraycopy(pairs, 0, shorter, 0, at);
        System.arraycopy(pairs, at + 2, shorter, at, shorter.length - at);
        return new Settings(shorter);
    }

    /// These settings, and those of `base` that are not set here.
    public Settings overlay(Settings base) {
        if (base.isEmpty() || this == base) {
            return this;
        }
        Settings result = base;
        for (int i = 0; i < pairs.length; i += 2) {
            result = result.with(pairs[i], pairs[i + 1]);
        }
        return result;
    }

    /// These settings without those that cannot change what a statement means once it is parsed and planned, so that
    /// prepared statements and plans may be shared between clients whose keys are equal. Of many, or long ones, it has no more than a digest, and how texts are read.
    public Settings semanticKey() {
        Settings key = this;
        for (int i = 0; i < pairs.length; i += 2) {
            if (!SettingNames.isSemantic(pairs[i])) {
                key = key.without(pairs[i]);
            }
        }
        return key.large ? key.abridged() : key;
    }

    private Settings abridged() {
        Settings key = NONE.with("", digest());
        for (String name : SettingNames.OF_TEXTS) {
            Optional<String> value = get(name);
            if (value.isPresent()) {
                key = key.with(name, value.get());
            }
        }
        return key;
    }

    private String digest() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String each : pairs) {
                byte[] bytes = each.getBytes(StandardCharsets.UTF_8);
                digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
                digest.update(bytes);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }

    /// @return the index of the name, or -(index where it would be) - 1
    private int find(String name) {
        int low = 0;
        int high = pairs.length / 2 - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = pairs[2 * middle].compareTo(name);
            if (order == 0) {
                return 2 * middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -2 * low - 1;
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof Settings that && hash == that.hash && Arrays.equals(pairs, that.pairs);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /// For the console and for debugging; values are shown.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        forEach((name, value) -> text.append(text.length() == 1 ? "" : ", ").append(name).append('=').append(value));
        return text.append('}').toString();
    }
}
