/// Messages that are larger than the proxy's memory, through a proxy in a small JVM of its own. Heart: [LargeMessagesTest]. Read: [ProxyProcess] (the
/// JVM and what it holds), [Neighbour] (another client, who must not notice), [Filler] (content of any length that can be checked piece by piece).
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.large;
