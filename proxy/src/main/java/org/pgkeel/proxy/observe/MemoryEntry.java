package org.pgkeel.proxy.observe;

/// One kind of memory: the heap, direct buffers, a cache.
///
/// @param sizeBytes  of one object, 1 where there is no such thing
/// @param used       objects in use
/// @param free       objects kept for reuse
/// @param totalBytes all together
public record MemoryEntry(String name, long sizeBytes, long used, long free, long totalBytes) {}
