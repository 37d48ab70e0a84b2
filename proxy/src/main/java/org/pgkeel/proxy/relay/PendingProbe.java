package org.pgkeel.proxy.relay;

/// A Parse of the [OutcomeProbe] on its way to a backend: if an error makes the backend skip it, the backend does not have it.
public enum PendingProbe { IT }
