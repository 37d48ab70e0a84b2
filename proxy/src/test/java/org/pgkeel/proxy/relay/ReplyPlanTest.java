package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReplyPlanTest {
    private record Entry(int batch, int ordinal, ReplyPlan.Action action, Object subject) {}

    @Test
    void what_is_planned_for_batches_that_are_none_is_skipped_with_the_one_before_them() {
        var plan = new ReplyPlan();
        plan.add(5, 1, ReplyPlan.Action.PARSED, "of the answered one");
        plan.add(6, 1, ReplyPlan.Action.PARSED, "of the first that is none");
        plan.add(7, 2, ReplyPlan.Action.EFFECT, "of the second");
        plan.add(8, 3, ReplyPlan.Action.PARSED, "of one that is");
        assertThat(plan.renumber(5, 2)).isTrue();
        int[][] left = {{5, 1}, {5, Integer.MAX_VALUE}, {5, Integer.MAX_VALUE}, {6, 3}};
        for (int[] each : left) {
            assertThat(new int[] {plan.headBatch(), plan.headOrdinal()}).isEqualTo(each);
            plan.removeHead();
        }
        plan.add(7, 1, ReplyPlan.Action.PARSED, "of one that is");
        assertThat(plan.renumber(5, 1)).isFalse();
        assertThat(plan.headBatch()).isEqualTo(6);
    }

    @Test
    void entries_leave_in_the_order_in_which_they_came_however_the_ring_grows_and_wraps() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        var random = new Random(seed);
        var plan = new ReplyPlan();
        var model = new ArrayDeque<Entry>();
        for (int step = 0; step < 50_000; step++) {
            int bias = step / 5_000 % 2 == 0 ? 60 : 40;
            if (random.nextInt(100) < bias) {
                var actions = ReplyPlan.Action.values();
                var entry = new Entry(random.nextInt(), random.nextInt(), actions[random.nextInt(actions.length)], "subject " + step);
                plan.add(entry.batch, entry.ordinal, entry.action, entry.subject);
                model.addLast(entry);
            } else if (!model.isEmpty()) {
                plan.removeHead();
                model.removeFirst();
            }
            assertThat(plan.size()).as("-Dpgkeel.seed=%s", seed).isEqualTo(model.size());
            assertThat(plan.isEmpty()).isEqualTo(model.isEmpty());
            if (!model.isEmpty()) {
                assertThat(new Entry(plan.headBatch(), plan.headOrdinal(), plan.headAction(), plan.headSubject()))
                        .as("-Dpgkeel.seed=%s", seed).isEqualTo(model.getFirst());
            }
        }
    }
}
