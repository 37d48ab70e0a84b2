package org.pgkeel.failover.probe;

import java.util.concurrent.CompletionStage;

/// Asks one PostgreSQL who it is. It does not block, and it always ends: what does not answer is [NodeReply.Silent].
public interface NodeProbe {
    CompletionStage<NodeReply> ask();
}
