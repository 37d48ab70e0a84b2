package org.pgkeel.proxy.observe;

import java.time.Duration;
import java.util.List;

/// One host name that was resolved.
///
/// @param ttl until it is asked again
public record DnsHost(String hostname, Duration ttl, List<String> addresses) {
    public DnsHost {
        addresses = List.copyOf(addresses);
    }
}
