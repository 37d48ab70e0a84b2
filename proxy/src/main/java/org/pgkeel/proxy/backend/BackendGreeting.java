package org.pgkeel.proxy.backend;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.pgkeel.failover.topology.NodeAddress;

/// What a PostgreSQL server said before its first ReadyForQuery.
///
/// @param parameterStatus in the order in which the server sent them
/// @param pid             of BackendKeyData; 0 if the server sent none
/// @param secretKey       of BackendKeyData, 4 bytes in protocol 3.0; empty if the server sent none
/// @param address         the node that was asked
public record BackendGreeting(SequencedMap<String, String> parameterStatus, int pid, byte[] secretKey, NodeAddress address,
                              Encryption encryption) {
    public enum Encryption { NONE, TLS }

    public BackendGreeting {
        parameterStatus = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(parameterStatus));
        secretKey = secretKey.clone();
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
