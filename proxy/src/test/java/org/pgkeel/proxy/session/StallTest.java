package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgkeel.proxy.session.ClientSession.State;

class StallTest {
    @ParameterizedTest
    @EnumSource
    void who_has_asked_for_nothing_is_not_stalled(State state) {
        assertThat(new Stall(state, false, false, false, false, true, false).reason()).isNull();
    }

    @ParameterizedTest
    @EnumSource(names = {"GREETING", "WAITING", "RESOLVING", "DEPARTED", "CLOSED"})
    void who_waits_for_others_is_not_stalled(State state) {
        assertThat(new Stall(state, true, true, true, false, true, true).reason()).isNull();
    }

    @Test
    void a_backend_that_owes_a_reply_is_waited_for() {
        assertThat(new Stall(State.LEASED, true, true, true, true, true, true).reason()).isNull();
    }

    @Test
    void whatever_is_waited_for_without_a_backend_that_owes_it_is_a_stall() {
        for (State state : new State[] {State.IDLE, State.LEASED}) {
            assertThat(new Stall(state, true, false, false, false, true, false).reason()).contains("request");
            assertThat(new Stall(state, false, true, false, false, true, false).reason()).contains("held");
            assertThat(new Stall(state, false, false, true, false, true, false).reason()).contains("awaited");
        }
        assertThat(new Stall(State.LEASED, false, false, false, false, true, true).reason()).contains("withheld");
    }

    @Test
    void a_slow_peer_is_no_stall() {
        assertThat(new Stall(State.LEASED, true, false, false, false, false, false).reason()).isNull();
    }
}
