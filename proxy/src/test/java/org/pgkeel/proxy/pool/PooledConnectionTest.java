package org.pgkeel.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pgkeel.proxy.pool.PooledConnection.State.CLOSED;
import static org.pgkeel.proxy.pool.PooledConnection.State.IDLE;
import static org.pgkeel.proxy.pool.PooledConnection.State.LEASED;
import static org.pgkeel.proxy.pool.PooledConnection.State.MOVING;
import static org.pgkeel.proxy.pool.PooledConnection.State.RESETTING;

import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgkeel.proxy.pool.PooledConnection.State;

class PooledConnectionTest {
    private static final Map<State, Set<State>> ALLOWED = new EnumMap<>(Map.of(
            IDLE, EnumSet.of(LEASED, RESETTING, MOVING, CLOSED),
            LEASED, EnumSet.of(IDLE, RESETTING, CLOSED),
            RESETTING, EnumSet.of(IDLE, CLOSED),
            MOVING, EnumSet.of(IDLE, CLOSED),
            CLOSED, EnumSet.noneOf(State.class)));
    private static final Map<State, List<State>> WAY_TO = new EnumMap<>(Map.of(
            IDLE, List.of(), LEASED, List.of(LEASED), RESETTING, List.of(RESETTING), MOVING, List.of(MOVING), CLOSED, List.of(CLOSED)));

    static Stream<Arguments> pairs() {
        return Stream.of(State.values()).flatMap(from -> Stream.of(State.values()).map(to -> Arguments.of(from, to)));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void a_state_is_left_as_the_table_says_and_in_no_other_way(State from, State to) {
        var world = new PoolWorld(1, PoolWorld.max(1));
        var connection = new FakeConnection(1, world.slice(0), 10, 0);
        for (State step : WAY_TO.get(from)) connection.become(step, 20);
        if (ALLOWED.get(from).contains(to)) {
            connection.become(to, 30);
            assertThat(connection.state()).isEqualTo(to);
            assertThat(connection.sinceNanos()).isEqualTo(30);
        } else {
            assertThatThrownBy(() -> connection.become(to, 30)).isInstanceOf(IllegalStateException.class).hasMessageContaining(from + " to " + to);
            assertThat(connection.state()).isEqualTo(from);
        }
        assertThat(connection.openedNanos()).isEqualTo(10);
    }

    @Test
    void a_connection_without_a_lifetime_never_grows_too_old() {
        var connection = new FakeConnection(1, new PoolWorld(1, PoolWorld.max(1)).slice(0), 0, 0);
        assertThat(connection.tooOld(Long.MAX_VALUE)).isFalse();
        connection.expire(5);
        assertThat(connection.tooOld(4)).isFalse();
        assertThat(connection.tooOld(5)).isTrue();
    }

    @Test
    void a_lifetime_ends_on_its_nanosecond_even_where_the_clock_wraps() {
        long start = Long.MAX_VALUE - 10;
        var connection = new FakeConnection(1, new PoolWorld(1, PoolWorld.max(1)).slice(0), start, 100);
        assertThat(connection.tooOld(start + 99)).isFalse();
        assertThat(connection.tooOld(start + 100)).isTrue();
    }

    @Test
    void lifetimes_of_connections_opened_together_differ_by_up_to_a_tenth() {
        long hour = Duration.ofHours(1).toNanos();
        var drawn = Stream.generate(() -> PooledConnection.withJitter(hour)).limit(1000).toList();
        assertThat(drawn).allMatch(nanos -> nanos >= hour - hour / 10 && nanos <= hour);
        assertThat(drawn.stream().distinct().count()).isGreaterThan(900);
        assertThat(PooledConnection.withJitter(0)).isZero();
    }
}
