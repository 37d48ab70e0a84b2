package org.pgkeel.failover.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.Alarm;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.watch.PrimaryWatch.Absent;
import org.pgkeel.failover.watch.PrimaryWatch.Doubted;
import org.pgkeel.failover.watch.PrimaryWatch.Event;
import org.pgkeel.failover.watch.PrimaryWatch.Event.Doubt;
import org.pgkeel.failover.watch.PrimaryWatch.Event.Judged;
import org.pgkeel.failover.watch.PrimaryWatch.Known;
import org.pgkeel.failover.watch.PrimaryWatch.Matter;

/// Every pair of the table in [PrimaryWatch]. Found at 10, doubted at 20, gone at 30; now it is 40.
class PrimaryWatchTest {
    private static final Primary PG1 = new Primary("pg1", new NodeAddress("db1", 5432), 3, new Lifetime("10:00", "a"));
    private static final Primary PG2 = new Primary("pg2", new NodeAddress("db2", 5432), 4, new Lifetime("10:01", "b"));
    private static final Known KNOWN = new Known(PG1, 10);
    private static final Doubted DOUBTED = new Doubted(PG1, 10, 20, Matter.LIFE, "connection_lost");
    private static final Absent ABSENT = new Absent(Optional.of(KNOWN), 30, HoldReason.PRIMARY_LOST, "does not answer");
    private static final Absent NEVER = new Absent(Optional.empty(), 30, HoldReason.STARTING, "no primary has been found yet");
    private static final Alarm ALARM = new Alarm(Alarm.Kind.TIMELINE_WENT_BACK, "back");
    /// What makes a primary go, and why clients wait then.
    private static final Map<Verdict, HoldReason> GOES = Map.of(new Verdict.Leaving("t"), HoldReason.SWITCHOVER, new Verdict.Deposed("t"), HoldReason.DEPOSED,
            new Verdict.Gone("t"), HoldReason.PRIMARY_LOST, new Verdict.Blocked(ALARM), HoldReason.ALARM);

    private static PrimaryWatch after(PrimaryWatch watch, Event event) {
        return PrimaryWatch.next(watch, event, 40);
    }

    private static PrimaryWatch after(PrimaryWatch watch, Verdict verdict) {
        return after(watch, new Judged(verdict));
    }

    @Test
    void who_is_served_stays_the_same_and_since_when_it_was() {
        assertThat(after(KNOWN, new Verdict.Serves(PG1))).isEqualTo(KNOWN);
        assertThat(after(DOUBTED, new Verdict.Serves(PG1))).isEqualTo(KNOWN);
        assertThat(after(ABSENT, new Verdict.Serves(PG1))).isEqualTo(KNOWN);
    }

    @Test
    void another_takes_its_place_from_now_on() {
        for (PrimaryWatch before : List.of(KNOWN, DOUBTED, ABSENT, NEVER)) assertThat(after(before, new Verdict.Serves(PG2))).isEqualTo(new Known(PG2, 40));
    }

    @Test
    void who_was_deposed_and_cannot_be_reached_by_now_is_deposed_still() {
        var deposed = new Absent(Optional.of(KNOWN), 30, HoldReason.DEPOSED, "the leader key is another's");
        assertThat(after(deposed, new Verdict.Gone("no route"))).isEqualTo(new Absent(Optional.of(KNOWN), 30, HoldReason.DEPOSED, "no route"));
        assertThat(after(deposed, new Verdict.Leaving("t"))).isEqualTo(new Absent(Optional.of(KNOWN), 30, HoldReason.SWITCHOVER, "t"));
    }

    @Test
    void the_same_server_in_another_life_is_another() {
        var reborn = new Primary(PG1.name(), PG1.address(), PG1.timeline(), new Lifetime("10:05", "c"));
        for (PrimaryWatch before : List.of(KNOWN, DOUBTED, ABSENT)) assertThat(after(before, new Verdict.Serves(reborn))).isEqualTo(new Known(reborn, 40));
    }

    @Test
    void a_doubt_lets_only_count_what_was_asked_after_it() {
        assertThat(after(KNOWN, new Doubt(Matter.IDENTITY, "read_only"))).isEqualTo(new Doubted(PG1, 10, 40, Matter.IDENTITY, "read_only"));
        assertThat(after(DOUBTED, new Doubt(Matter.IDENTITY, "read_only"))).isEqualTo(new Doubted(PG1, 10, 40, Matter.IDENTITY, "read_only"));
        assertThat(after(ABSENT, new Doubt(Matter.IDENTITY, "read_only"))).isEqualTo(ABSENT);
        assertThat(after(NEVER, new Doubt(Matter.IDENTITY, "read_only"))).isEqualTo(NEVER);
    }

    @Test
    void undecided_changes_nothing() {
        for (PrimaryWatch before : List.of(KNOWN, DOUBTED, ABSENT, NEVER)) assertThat(after(before, new Verdict.Undecided())).isEqualTo(before);
    }

    @Test
    void that_it_lives_ends_a_doubt_of_its_life_and_of_nothing_else() {
        var another = new Doubted(PG1, 10, 20, Matter.IDENTITY, "other_server");
        assertThat(after(DOUBTED, new Verdict.Lives())).isEqualTo(KNOWN);
        for (PrimaryWatch before : List.of(KNOWN, another, ABSENT, NEVER)) assertThat(after(before, new Verdict.Lives())).isEqualTo(before);
        assertThat(after(another, new Doubt(Matter.LIFE, "connection_lost"))).as("the graver doubt stays").isEqualTo(new Doubted(PG1, 10, 40, Matter.IDENTITY, "connection_lost"));
    }

    @Test
    void whatever_makes_a_primary_go_is_kept_with_who_it_was() {
        GOES.forEach((verdict, reason) -> {
            for (PrimaryWatch before : List.of(KNOWN, DOUBTED)) {
                assertThat(after(before, verdict)).isInstanceOfSatisfying(Absent.class, absent -> {
                    assertThat(absent.last()).contains(KNOWN);
                    assertThat(absent.sinceNanos()).isEqualTo(40);
                    assertThat(absent.reason()).isEqualTo(reason);
                });
            }
            assertThat(after(ABSENT, verdict)).isInstanceOfSatisfying(Absent.class, absent -> {
                assertThat(absent.last()).contains(KNOWN);
                assertThat(absent.sinceNanos()).as("when it went does not change").isEqualTo(30);
                assertThat(absent.reason()).isEqualTo(reason);
            });
        });
    }

    @Test
    void before_the_first_primary_nothing_can_be_lost_but_an_alarm_is_one() {
        GOES.forEach((verdict, reason) -> assertThat(((Absent) after(NEVER, verdict)).reason()).isEqualTo(reason == HoldReason.ALARM ? HoldReason.ALARM : HoldReason.STARTING));
    }

    @Test
    void it_knows_who_was_primary_last_and_what_is_too_old_to_count() {
        assertThat(KNOWN.notBeforeNanos()).isEqualTo(Evidence.NEVER);
        assertThat(DOUBTED.notBeforeNanos()).isEqualTo(20);
        assertThat(ABSENT.notBeforeNanos()).isEqualTo(30);
        for (PrimaryWatch watch : List.of(KNOWN, DOUBTED, ABSENT)) assertThat(watch.incumbent()).contains(KNOWN);
        assertThat(NEVER.incumbent()).isEmpty();
        assertThat(PrimaryWatch.start(30)).isEqualTo(NEVER);
    }

    /// It is known only after somebody said that it serves, or that it lives where only that was doubted, and nobody but a verdict ends a doubt.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void the_laws_hold_over_any_events(long seed) {
        var random = new SplittableRandom(seed);
        List<Event> events = List.of(new Doubt(Matter.LIFE, "x"), new Doubt(Matter.IDENTITY, "y"), new Judged(new Verdict.Lives()), new Judged(new Verdict.Serves(PG1)), new Judged(new Verdict.Serves(PG2)), new Judged(new Verdict.Leaving("t")),
                new Judged(new Verdict.Deposed("t")), new Judged(new Verdict.Gone("t")), new Judged(new Verdict.Blocked(ALARM)), new Judged(new Verdict.Undecided()));
        PrimaryWatch watch = PrimaryWatch.start(0);
        Optional<Primary> lastServed = Optional.empty();
        for (int i = 1; i < 20_000; i++) {
            Event event = events.get(random.nextInt(events.size()));
            PrimaryWatch before = watch;
            watch = PrimaryWatch.next(before, event, i);
            if (event instanceof Judged(Verdict.Serves(var primary))) lastServed = Optional.of(primary);
            assertThat(watch.incumbent().map(Known::primary)).as("seed %d, step %d", seed, i).isEqualTo(lastServed);
            if (before instanceof Doubted && watch instanceof Known) assertThat(event).isInstanceOf(Judged.class);
            boolean livesAfterAll = before instanceof Doubted doubted && doubted.matter() == Matter.LIFE && event.equals(new Judged(new Verdict.Lives()));
            if (!(before instanceof Known) && watch instanceof Known && !livesAfterAll) assertThat(event).isEqualTo(new Judged(new Verdict.Serves(lastServed.orElseThrow())));
        }
    }
}
