package org.pgkeel.bench.equivalence;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// What PostgreSQL itself says of the pools: each type's oid, and each good value in binary format.
///
/// Threading: immutable.
final class Dictionary {
    private final Map<String, Integer> oids = new HashMap<>();
    private final Map<String, Map<String, byte[]>> binary = new HashMap<>();

    /// @param peer logged in to one of the two databases; the other is its copy, so it has the same oids
    static Dictionary ask(Peer peer) throws IOException {
        var dictionary = new Dictionary();
        for (String type : Pools.types()) {
            dictionary.oids.put(type, java.nio.ByteBuffer.wrap(peer.binaryValue("select '" + withoutModifier(type).replace("'", "''") + "'::regtype::oid")).getInt());
            var values = new HashMap<String, byte[]>();
            for (String value : Pools.of(type).good()) {
                try {
                    values.put(value, peer.binaryValue("select " + Literals.quoted(value) + "::" + ofAnyLength(type)));
                } catch (IOException notInThisVersion) {
                    // Then it is sent as text only.
                }
            }
            dictionary.binary.put(type, values);
        }
        return dictionary;
    }

    int oid(String type) {
        return oids.get(type);
    }

    /// Empty if there is none, or the value is not one of the pool's.
    Optional<byte[]> binary(String type, String value) {
        return Optional.ofNullable(binary.get(type).get(value));
    }

    /// A cast to it leaves the value as it is, so that what is sent is cut or refused by the column alone. `bit` would be `bit(1)`; on the wire the two are the same.
    private static String ofAnyLength(String type) {
        return type.startsWith("bit(") ? "varbit" : withoutModifier(type);
    }

    private static String withoutModifier(String type) {
        return type.equals("varbit(6)") ? "varbit" : type.replaceAll("\\(\\d+(,\\d+)?\\)", "").replaceAll("^char$", "bpchar");
    }
}
