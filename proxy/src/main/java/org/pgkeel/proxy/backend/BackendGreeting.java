package org.pgkeel.proxy.backend;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.pgkeel.failover.topology.NodeAddress;

/// What a PostgreSQL server said before its first ReadyForQuery, and to the question behind it.
///
/// @param parameterStatus in the order in which the server sent them
/// @param pid             of BackendKeyData; 0 if the server sent none
/// @param secretKey       of BackendKeyData, 4 bytes in protocol 3.0; empty if the server sent none
/// @param address         the node that was asked
/// @param answer          to the target's question: the columns as text, NULL as the empty text; empty if there was none
public record BackendGreeting(SequencedMap<String, String> parameterStatus, int pid, byte[] secretKey, NodeAddress address,
                              Encryption encryption, List<String> answer) {
    public enum Encryption { NONE, TLS }

    private static final String IN_HOT_STANDBY = "in_hot_standby";

    public BackendGreeting {
        parameterStatus = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(parameterStatus));
        secretKey = secretKey.clone();
        answer = List.copyOf(answer);
    }

    /// What a server that was promoted since would have said.
    public BackendGreeting ofPrimary() {
        var said = new LinkedHashMap<>(parameterStatus);
        said.computeIfPresent(IN_HOT_STANDBY, (_, _) -> "off");
        return new BackendGreeting(said, pid, secretKey, address, encryption, answer);
    }

    @Override
    public byte[] secretKey() {
        return secretKey.clone();
    }

    @Override
    public String toString() {
        return "BackendGreeting[" + address + ", pid " + pid + ", " + encryption + "]";
    }
}
