package org.pgkeel.proxy.config;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// One value of the file, turned into what its key needs, or a [BadValue] that says what would be right.
/// Texts count as numbers where they look like it: an environment variable is always a text.
final class Values {
    private static final Pattern BARE_NUMBER = Pattern.compile("[+-]?[\\d.]+([eE][+-]?\\d+)?");

    private Values() {}

    static long wholeNumber(ConfigValue value, long min, long max) {
        String expected = "expected a whole number from " + min + " to " + max;
        try {
            long number = Long.parseLong(scalar(value, expected).strip());
            if (number < min || number > max) throw new BadValue(expected + ", got " + number);
            return number;
        } catch (NumberFormatException _) {
            throw new BadValue(expected + ", got " + shown(value));
        }
    }

    /// Bytes: `64MiB`, `16KiB`, or a bare number.
    static long size(ConfigValue value, long min, long max) {
        String expected = "expected a size from " + Sizes.render(min) + " to " + Sizes.render(max) + ", as 64KiB or 16MiB";
        scalar(value, expected);
        try {
            long bytes = value.atKey("v").getBytes("v");
            if (bytes >= min && bytes <= max) return bytes;
        } catch (ConfigException _) {
            // Falls through to the same message: what was expected, what is there.
        }
        throw new BadValue(expected + ", got " + shown(value));
    }

    /// A time with its unit: `30s`, `800ms`. A bare number is refused, but for 0: nobody should have to guess its unit.
    static Duration duration(ConfigValue value, Duration min, Duration max) {
        String expected = "expected a time from " + Durations.render(min) + " to " + Durations.render(max) + ", as 30s or 800ms";
        String text = scalar(value, expected).strip();
        if (BARE_NUMBER.matcher(text).matches() && !text.equals("0")) throw new BadValue(expected + ", got " + text + " without a unit");
        try {
            Duration time = value.atKey("v").getDuration("v");
            if (time.compareTo(min) >= 0 && time.compareTo(max) <= 0) return time;
        } catch (ConfigException | ArithmeticException _) {
            // Falls through to the same message: what was expected, what is there.
        }
        throw new BadValue(expected + ", got " + shown(value));
    }

    static boolean flag(ConfigValue value) {
        try {
            return value.atKey("v").getBoolean("v");
        } catch (ConfigException _) {
            throw new BadValue("expected true or false, got " + shown(value));
        }
    }

    /// An enum constant by its word.
    static <E extends Enum<E>> E word(ConfigValue value, Class<E> type) {
        List<String> words = new ArrayList<>();
        for (E constant : type.getEnumConstants()) {
            if (value.valueType() == ConfigValueType.STRING && wordOf(constant).equals(value.unwrapped())) return constant;
            words.add(wordOf(constant));
        }
        throw new BadValue("expected one of " + String.join(", ", words) + ", got " + shown(value));
    }

    /// `SCRAM_SHA_256` is `scram-sha-256` in the file; `io_uring` is written as the kernel does.
    static String wordOf(Enum<?> constant) {
        String word = constant.name().toLowerCase(Locale.ROOT);
        return constant == RuntimeConfig.Transport.IO_URING ? word : word.replace('_', '-');
    }

    static String nonEmpty(ConfigValue value) {
        String text = scalar(value, "expected a text");
        if (text.isBlank()) throw new BadValue("expected a text that is not empty");
        return text;
    }

    /// As the effective configuration shows it: on one line, without quotes where it is a text alone.
    static String text(ConfigValue value) {
        return value.valueType() == ConfigValueType.STRING ? String.valueOf(value.unwrapped()) : value.render(ConfigRenderOptions.concise());
    }

    /// As a message shows it. Never called for a secret.
    static String shown(ConfigValue value) {
        return switch (value.valueType()) {
            case OBJECT -> "a section";
            case LIST -> "a list";
            case NULL -> "null";
            case NUMBER, BOOLEAN -> String.valueOf(value.unwrapped());
            case STRING -> "'" + value.unwrapped() + "'";
        };
    }

    private static String scalar(ConfigValue value, String expected) {
        return switch (value.valueType()) {
            case OBJECT, LIST, NULL -> throw new BadValue(expected + ", got " + shown(value));
            case NUMBER, BOOLEAN, STRING -> value.atKey("v").getString("v");
        };
    }
}
