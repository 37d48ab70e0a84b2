/// What Patroni's REST API says, asked with hard deadlines and read with hard limits.
/// Heart: [ClusterDocument], [MemberStatus]. Read: [PatroniClient] (asks), [PatroniAnswer] (what came back), [BadAnswer] (nonsense).
/// Depends on `topology`, the JDK and Jackson. Used by `watch` and `proxy`. Threading: values are immutable, the client is shared.
@org.jspecify.annotations.NullMarked
package org.pgkeel.failover.patroni;
