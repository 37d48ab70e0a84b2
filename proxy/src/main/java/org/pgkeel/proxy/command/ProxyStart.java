package org.pgkeel.proxy.command;

import org.pgkeel.proxy.config.ProxyConfig;

/// Starts the proxy, and returns when it listens; closing what it answers stops it, transactions first.
@FunctionalInterface
interface ProxyStart {
    AutoCloseable start(ProxyConfig config) throws Exception;
}
