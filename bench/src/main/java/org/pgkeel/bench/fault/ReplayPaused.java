package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.ProcessTable;
import org.pgkeel.bench.fault.Injection.Before;

/// SIGSTOP of a replica's startup process: it goes on receiving, acknowledges as synchronous standbys do, and shows old data.
/// (`pg_wal_replay_pause()` is undone by Patroni within a second.)
///
/// @param lasts how long
public record ReplayPaused(Duration lasts) implements Fault {
    @Override
    public String name() {
        return "replay-paused";
    }

    @Override
    public String summary() {
        return "a replica receives and does not replay for %d s".formatted(lasts.toSeconds());
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        // Behind another fault one of them may still be on its way back.
        PatroniNode replica = scene.replicas().stream().filter(each -> !startup(each).isEmpty()).findFirst().orElseThrow(() -> new IOException("no replica has a startup process"));
        List<Long> startup = startup(replica);
        Before before = Before.of(this, scene, replica);
        ProcessTable.signal("STOP", startup);
        return before.done(new Until.Past(lasts), () -> ProcessTable.signal("CONT", startup));
    }

    private static List<Long> startup(PatroniNode replica) {
        return replica.backends(" startup ");
    }
}
