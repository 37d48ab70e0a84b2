/// `proxy.conf`: one HOCON file, read into records, checked once and refused by key.
/// Heart: [ProxyConfig]. A leaf: depends on nothing of the proxy.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.config;
