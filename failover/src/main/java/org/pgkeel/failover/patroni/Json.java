package org.pgkeel.failover.patroni;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Reads JSON that a stranger may have written: bounded in size, depth, and length of names, texts and numbers.
///
/// Threading: immutable.
final class Json {
    /// Patroni's own bodies have 5 levels at most.
    private static final int DEPTH_MAX = 20;
    private static final int TEXT_CHARS_MAX = 64 * 1024;
    private static final int NAME_CHARS_MAX = 1024;
    private static final int NUMBER_DIGITS_MAX = 40;
    private static final int TAGS_MAX = 100;
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder().streamReadConstraints(StreamReadConstraints.builder()
            .maxNestingDepth(DEPTH_MAX).maxStringLength(TEXT_CHARS_MAX).maxNameLength(NAME_CHARS_MAX).maxNumberLength(NUMBER_DIGITS_MAX).build())
            .build()).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Json() {}

    /// @throws BadAnswer if it is no JSON object
    static JsonNode object(byte[] body) {
        JsonNode node;
        try {
            node = MAPPER.readTree(body);
        } catch (StreamConstraintsException tooMuch) {
            throw new BadAnswer("JSON beyond the limits of depth or length");
        } catch (JsonProcessingException broken) {
            throw new BadAnswer("not JSON (" + body.length + " bytes, wrong at byte " + Math.max(0, broken.getLocation().getByteOffset()) + ")");
        } catch (IOException | StackOverflowError broken) {
            throw new BadAnswer("not JSON (" + body.length + " bytes)");
        }
        if (!node.isObject()) throw new BadAnswer("JSON, but no object");
        return node;
    }

    /// @throws BadAnswer if it is there and no text
    static Optional<String> text(JsonNode parent, String name) {
        JsonNode value = parent.get(name);
        if (value == null || value.isNull()) return Optional.empty();
        if (!value.isTextual()) throw new BadAnswer("\"" + name + "\" is no text");
        return Optional.of(value.textValue());
    }

    /// @throws BadAnswer if it is not there, or no text
    static String neededText(JsonNode parent, String name) {
        return text(parent, name).filter(text -> !text.isEmpty()).orElseThrow(() -> new BadAnswer("no \"" + name + "\""));
    }

    /// @throws BadAnswer if it is there and neither true nor false
    static boolean flag(JsonNode parent, String name) {
        JsonNode value = parent.get(name);
        if (value == null || value.isNull()) return false;
        if (!value.isBoolean()) throw new BadAnswer("\"" + name + "\" is neither true nor false");
        return value.booleanValue();
    }

    /// A whole number from 0 on; Patroni writes `"unknown"` where it does not know one, and that is empty.
    /// @throws BadAnswer if it is something else
    static Optional<Long> number(JsonNode parent, String name) {
        JsonNode value = parent.get(name);
        if (value == null || value.isNull() || value.isTextual() && value.textValue().equals("unknown")) return Optional.empty();
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) throw new BadAnswer("\"" + name + "\" is no whole number from 0 on");
        return Optional.of(value.longValue());
    }

    /// 0 if it is not known.
    static int timeline(JsonNode parent) {
        long timeline = number(parent, "timeline").orElse(0L);
        if (timeline > Integer.MAX_VALUE) throw new BadAnswer("\"timeline\" is too large");
        return (int) timeline;
    }

    /// Tags with plain values, as text.
    static Map<String, String> tags(JsonNode parent) {
        JsonNode tags = parent.get("tags");
        if (tags == null || tags.isNull()) return Map.of();
        if (!tags.isObject() || tags.size() > TAGS_MAX) throw new BadAnswer("\"tags\" is no object, or too large");
        var all = new LinkedHashMap<String, String>();
        tags.properties().forEach(tag -> {
            if (tag.getValue().isValueNode() && !tag.getValue().isNull()) all.put(tag.getKey(), tag.getValue().asText());
        });
        return all;
    }
}
