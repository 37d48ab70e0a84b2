package org.pgkeel.proxy.session;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// The keys that clients are given to cancel their statements. The process id in a key carries the instance of the proxy in its
/// upper bits, so that several proxies behind one address can tell whose session is meant.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS>
///
/// Threading: shared, a concurrent map.
public final class CancelKeys {
    private static final int SESSION_BITS = 20;
    private static final int INSTANCES = 1 << 31 - SESSION_BITS;

    private final ConcurrentHashMap<Integer, Issued> issued = new ConcurrentHashMap<>();
    private final SecureRandom random = new SecureRandom();
    private final AtomicInteger next = new AtomicInteger(random.nextInt(1 << SESSION_BITS));
    private final int instance = random.nextInt(1, INSTANCES);

    private record Issued(ClientSession session, byte[] secret) {}

    /// @param pid    what the client takes for the backend's process id
    /// @param secret 4 bytes, or 32 in protocol 3.2
    record Key(int pid, byte[] secret) {}

    Key issue(ClientSession session, int secretBytes) {
        byte[] secret = new byte[secretBytes];
        random.nextBytes(secret);
        while (true) {
            int pid = instance << SESSION_BITS | next.incrementAndGet() & (1 << SESSION_BITS) - 1;
            if (issued.putIfAbsent(pid, new Issued(session, secret)) == null) return new Key(pid, secret);
        }
    }

    void withdraw(int pid) {
        issued.remove(pid);
    }

    /// The session that was given this key.
    public Optional<ClientSession> find(int pid, byte[] secret) {
        Issued key = issued.get(pid);
        return key != null && MessageDigest.isEqual(key.secret, secret) ? Optional.of(key.session) : Optional.empty();
    }
}
