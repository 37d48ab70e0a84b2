package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.pgkeel.bench.fault.Injection.Before;

/// What an operator asks Patroni for.
public sealed interface Switchover extends Fault {
    Until UNTIL = new Until.Promoted(Duration.ofSeconds(60), Duration.ZERO);

    /// `POST /switchover`.
    record Now() implements Switchover {
        @Override
        public String name() {
            return "switchover";
        }

        @Override
        public String summary() {
            return "an operator asks Patroni for a switchover";
        }

        @Override
        public Injection inject(Scene scene) throws IOException {
            return Before.of(this, scene, scene.primary()).ordered(UNTIL, () -> scene.cluster().switchover());
        }
    }

    /// `POST /switchover` with `scheduled_at`: everybody can read of it in `/cluster` before it happens.
    record Scheduled(Duration ahead) implements Switchover {
        @Override
        public String name() {
            return "switchover-scheduled";
        }

        @Override
        public String summary() {
            return "a switchover is scheduled for %d s later".formatted(ahead.toSeconds());
        }

        @Override
        public Injection inject(Scene scene) throws IOException {
            Before before = Before.of(this, scene, scene.primary());
            scene.cluster().scheduledSwitchover(Instant.now().plus(ahead));
            return before.done(UNTIL);
        }
    }
}
