package org.pgkeel.bench.accounting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcStatTest {
    private static String line(long id, String name, long parent, int user, int system, int childrenUser, int childrenSystem) {
        return id + " (" + name + ") S " + parent + " 1 1 0 -1 4194560 100 0 0 0 "
                + user + " " + system + " " + childrenUser + " " + childrenSystem + " 20 0 1 0 12345 1000000 200 18446744073709551615";
    }

    @Test
    void a_stat_line_tells_cpu_in_microseconds() {
        ProcStat stat = ProcStat.parse(line(42, "pgbouncer", 7, 150, 250, 3, 4));

        assertThat(stat).isEqualTo(new ProcStat(42, "pgbouncer", 7, 1, new CpuTime(1_500_000, 2_500_000), new CpuTime(30_000, 40_000)));
    }

    @Test
    void a_name_may_hold_spaces_and_parentheses() {
        ProcStat stat = ProcStat.parse(line(42, "a (b) c) d", 7, 1, 2, 0, 0));

        assertThat(stat.name()).isEqualTo("a (b) c) d");
        assertThat(stat.parent()).isEqualTo(7);
    }

    @Test
    void what_is_no_stat_line_is_refused() {
        assertThatThrownBy(() -> ProcStat.parse("42 pgbouncer S 7")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_tree_is_the_root_its_descendants_and_the_children_that_were_reaped() {
        List<ProcStat> all = List.of(
                ProcStat.parse(line(10, "postgres", 1, 1, 1, 5, 5)),
                ProcStat.parse(line(11, "backend", 10, 2, 0, 0, 0)),
                ProcStat.parse(line(12, "launcher", 10, 0, 3, 0, 1)),
                ProcStat.parse(line(13, "grandchild", 12, 4, 0, 0, 0)),
                ProcStat.parse(line(99, "stranger", 1, 1000, 1000, 0, 0)));

        assertThat(ProcessTree.sum(10, all)).isEqualTo(new CpuTime(120_000, 100_000));
    }

    @Test
    void what_is_less_than_a_tick_is_told_in_nanoseconds() {
        assertThat(ProcStat.parse(line(11, "backend", 10, 0, 0, 0, 0)).precisely("966000 4961407 5").own()).isEqualTo(new CpuTime(966, 0));
        assertThat(ProcStat.parse(line(11, "backend", 10, 3, 1, 7, 7)).precisely("48000000 4961407 5"))
                .isEqualTo(new ProcStat(11, "backend", 10, 1, new CpuTime(36_000, 12_000), new CpuTime(70_000, 70_000)));
    }

    @Test
    void this_process_has_used_cpu() {
        assertThat(ProcessTree.cpuTime(ProcessHandle.current().pid()).totalMicros()).isPositive();
    }

    @Test
    void only_the_jit_threads_are_compiler_threads() {
        assertThat(CompilerThreads.isCompiler("C2 CompilerThre")).isTrue();
        assertThat(CompilerThreads.isCompiler("C1 CompilerThre")).isTrue();
        assertThat(CompilerThreads.isCompiler("epollEventLoopG")).isFalse();
        assertThat(CompilerThreads.isCompiler("Sweeper thread")).isFalse();
    }

    @Test
    void cpu_per_transaction_keeps_user_and_system_apart() {
        CpuTime perTransaction = new CpuTime(300, 1_200).minus(new CpuTime(100, 200)).per(100);

        assertThat(perTransaction.userMicros()).isCloseTo(2, within(1e-9));
        assertThat(perTransaction.systemMicros()).isCloseTo(10, within(1e-9));
    }

    @Test
    void resident_memory_is_read_in_kib() throws IOException {
        assertThat(ResidentMemory.parse(List.of("Name:\tjava", "VmRSS:\t   65536 kB", "Threads:\t20"))).isEqualTo(64L << 20);
    }

    @Test
    void a_process_without_resident_memory_has_ended() {
        assertThatThrownBy(() -> ResidentMemory.parse(List.of("Name:\tjava"))).isInstanceOf(IOException.class);
    }
}
