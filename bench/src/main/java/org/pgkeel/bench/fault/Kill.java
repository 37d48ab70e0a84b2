package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.pgkeel.bench.cluster.PatroniCluster;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.ProcessTable;
import org.pgkeel.bench.fault.Injection.Before;

/// kill -9 of processes of the primary.
public sealed interface Kill extends Fault {
    Until UNTIL = new Until.Promoted(Duration.ofSeconds(60), Duration.ZERO);

    /// PostgreSQL only; Patroni sees it and gives the leader lock up.
    record Postmaster() implements Kill {
        @Override
        public String name() {
            return "postmaster-killed";
        }

        @Override
        public String summary() {
            return "kill -9 of the primary's postmaster";
        }

        @Override
        public Injection inject(Scene scene) throws IOException {
            PatroniNode primary = scene.primary();
            Before before = Before.of(this, scene, primary);
            ProcessTable.signal("KILL", List.of(primary.postmasterPid().orElseThrow(() -> new IOException(primary + " has no postmaster"))));
            return before.done(UNTIL);
        }
    }

    /// Patroni and PostgreSQL, as when the machine goes; started again by [Injection#heal].
    record Node() implements Kill {
        @Override
        public String name() {
            return "node-killed";
        }

        @Override
        public String summary() {
            return "kill -9 of the primary's Patroni and PostgreSQL together";
        }

        @Override
        public Injection inject(Scene scene) throws IOException {
            PatroniNode primary = scene.primary();
            Before before = Before.of(this, scene, primary);
            primary.kill();
            return before.done(UNTIL, primary::start);
        }
    }

    /// One backend of the application; PostgreSQL then ends all its sessions and recovers in place.
    record Backend() implements Kill {
        @Override
        public String name() {
            return "backend-killed";
        }

        @Override
        public String summary() {
            return "kill -9 of one of the primary's backends";
        }

        @Override
        public Injection inject(Scene scene) throws IOException {
            PatroniNode primary = scene.primary();
            var login = PatroniCluster.APPLICATION;
            List<Long> backends = primary.backends(" " + login.user() + " " + login.database() + " ");
            if (backends.isEmpty()) throw new IOException(primary + " has no backend of " + login);
            Before before = Before.of(this, scene, primary);
            ProcessTable.signal("KILL", List.of(backends.getFirst()));
            return before.done(new Until.Past(Duration.ofSeconds(6)));
        }
    }

    /// Patroni only: PostgreSQL goes on taking writes, and when the lock has run out there are two primaries, until [Injection#heal] starts
    /// Patroni again.
    record Patroni() implements Kill {
        @Override
        public String name() {
            return "patroni-killed";
        }

        @Override
        public String summary() {
            return "kill -9 of the primary's Patroni alone: two writable primaries";
        }

        @Override
        public Injection inject(Scene scene) throws IOException {
            PatroniNode primary = scene.primary();
            Before before = Before.of(this, scene, primary);
            primary.killPatroni();
            return before.done(new Until.Promoted(Duration.ofSeconds(60), Duration.ofSeconds(4)), primary::start);
        }
    }
}
