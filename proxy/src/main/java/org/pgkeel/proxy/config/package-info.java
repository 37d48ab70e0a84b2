/// `proxy.conf`: one HOCON file, read into records, checked once and refused by key.
/// Heart: [ProxyConfig]. Read: [ConfigLoader] (file to records), [ConfigResult] (all of it, or every problem), [EffectiveConfig]
/// (each value with its origin). The records are plain: ranges and cross-checks live in the readers, which know file and line.
/// A leaf: depends on nothing of the proxy.
@org.jspecify.annotations.NullMarked
package org.pgkeel.proxy.config;
