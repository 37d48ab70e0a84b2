package org.pgkeel.failover.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.failover.watch.SeenCluster.ASKED;
import static org.pgkeel.failover.watch.SeenCluster.N1;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.patroni.MemberStatus.Mark;
import org.pgkeel.failover.patroni.MemberStatus.Role;
import org.pgkeel.failover.patroni.MemberStatus.State;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.watch.MemberEvidence.Rest;

/// The laws of a verdict, over anything that members may say.
class JudgeLawsTest {
    private final SeenCluster seen = new SeenCluster();

    /// Nobody is served who did not say itself that it takes writes; never one of two on the same timeline; never below a timeline that was used, never a server whose
    /// Patroni is stopping it, and never one that becomes primary by its role alone beside a leader that is well.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatever_is_said_a_verdict_keeps_the_laws(long seed) {
        var random = new SplittableRandom(seed);
        for (int round = 0; round < 5_000; round++) {
            for (String name : List.of("n1", "n2", "n3")) {
                switch (random.nextInt(4)) {
                    case 0 -> seen.writable(name, 2 + random.nextInt(4));
                    case 1 -> seen.standby(name, 2 + random.nextInt(4));
                    case 2 -> seen.silent(name, NodeReply.Kind.values()[random.nextInt(NodeReply.Kind.values().length)], 1 + random.nextInt(3));
                    default -> seen.members.put(name, seen.member(name).with(new MemberEvidence.Sql.NotAsked()));
                }
                Mark[] marks = EnumSet.allOf(Mark.class).stream().filter(_ -> random.nextInt(4) == 0).toArray(Mark[]::new);
                if (random.nextInt(4) == 0) seen.restSilent(name, PatroniAnswer.Kind.values()[random.nextInt(PatroniAnswer.Kind.values().length)]);
                else seen.rest(name, random.nextBoolean() ? 200 : 503, State.values()[random.nextInt(5)], Role.values()[random.nextInt(5)], marks);
            }
            seen.documents.clear();
            for (int i = random.nextInt(3); i > 0; i--) seen.another(List.of("n1", "n2", "n3", "-").get(random.nextInt(4)), random.nextInt(5) == 0, Optional.empty());
            seen.timelineUsed = random.nextInt(5);
            seen.contradicted = random.nextBoolean();
            seen.notBefore = random.nextBoolean() ? Evidence.NEVER : ASKED + random.nextInt(3) - 1;
            seen.incumbent = random.nextBoolean() ? Optional.empty() : Optional.of(new PrimaryWatch.Known(N1, random.nextBoolean() ? 0 : ASKED));
            if (!(seen.verdict() instanceof Verdict.Serves(var served))) continue;
            String what = "seed %d, round %d: %s of %s, %s".formatted(seed, round, served, seen.members.values(), seen.documents);
            MemberEvidence its = seen.members.get(served.name());
            assertThat(its.sql()).as(what).isInstanceOfSatisfying(MemberEvidence.Sql.Said.class, said -> assertThat(said.reply()).isInstanceOf(NodeReply.Writable.class));
            assertThat(served.timeline()).as(what).isGreaterThanOrEqualTo(seen.timelineUsed);
            boolean stays = seen.incumbent.isPresent() && served.equals(N1);
            boolean leads = its.rest() instanceof Rest.Said(_, _, var says, _) && says;
            if (!stays && !leads && !isNamed(served.name())) assertThat(seen.members.values()).as(what).noneMatch(other -> isNamed(other.name()) && isWell(other));
            if (its.rest() instanceof Rest.Said(_, var status, _, _)) {
                assertThat(status.state()).as(what).isNotEqualTo(State.STOPPING);
                if (stays && seen.contradicted && seen.documents.isEmpty()) assertThat(status.marks()).as(what).containsAnyOf(Mark.FAILSAFE_ACTIVE, Mark.PAUSED);
                if (stays) assertThat(status.role()).as(what).isNotEqualTo(Role.DEMOTED);
            }
        }
    }

    private boolean isNamed(String name) {
        return seen.documents.stream().anyMatch(each -> each.document().leader().filter(leader -> leader.name().equals(name)).isPresent());
    }

    private static boolean isWell(MemberEvidence member) {
        return member.sql() instanceof MemberEvidence.Sql.Said(_, NodeReply.Writable _, _) && member.rest() instanceof Rest.Said(_, var status, _, _) && status.state() == State.RUNNING
                && status.role() != Role.DEMOTED;
    }
}
