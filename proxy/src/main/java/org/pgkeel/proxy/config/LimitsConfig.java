package org.pgkeel.proxy.config;

/// Bounds of the whole proxy: the `limits.*` keys.
///
/// @param clients           client connections at most; the next one gets FATAL 53300
/// @param startupBytes      length of a startup packet at most
/// @param loginMessageBytes length of a password or SASL message at most
/// @param inspectedStatementBytes a statement longer than this is relayed without being looked into; its client is pinned
/// @param clientBufferBytes bytes queued towards one slow client before its backend is not read any more (high water mark)
/// @param backendBufferBytes bytes queued towards one slow backend before its client is not read any more (high water mark)
/// @param messageBytes      length of any message at most
/// @param rerunBytes        what a client asked and was not answered is kept up to here, to be asked again should the server be lost; so much of
///                          the reply to a write is withheld until it is committed
public record LimitsConfig(int clients, int startupBytes, int loginMessageBytes, int inspectedStatementBytes,
                           int clientBufferBytes, int backendBufferBytes, int messageBytes, int rerunBytes) {}
