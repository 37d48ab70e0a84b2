package org.pgkeel.proxy.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// Each script is played on PostgreSQL itself and through the proxy. `-Dpgkeel.wire.seed=` cuts the bytes up as before.
class TranscriptEquivalenceTest {
    private static final long SEED = Long.getLong("pgkeel.wire.seed", System.nanoTime());
    private static final String SCHEMA = "wire_";

    private final PostgresFixture postgres = SharedPostgres.get();
    private final InetSocketAddress direct = new InetSocketAddress(postgres.host(), postgres.port());

    private enum Cut { WHOLE, BY_BYTE, RANDOM }

    /// @param clients that play at the same time
    private record Way(String name, int poolMax, int clients, Cut cut, List<String> keys) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Way> ways() {
        String oneLoop = "runtime.event-loops = 1";
        String threeLoops = "runtime.event-loops = 3";
        String forward = "prepared.unnamed = forward";
        String evicting = "prepared.per-backend = 2";
        String monitored = "clusters.main.monitor { user = \"" + PostgresFixture.SUPERUSER + "\", password = \"" + PostgresFixture.SUPERUSER_PASSWORD + "\" }";
        String pipelined = monitored + "\nclusters.main.outcome = pipelined";
        String strict = monitored + "\nclusters.main.outcome = strict";
        return Stream.of(
                new Way("alone", 1, 1, Cut.WHOLE, List.of(oneLoop)),
                new Way("alone, byte by byte", 1, 1, Cut.BY_BYTE, List.of(oneLoop)),
                new Way("alone, at random", 1, 1, Cut.RANDOM, List.of(oneLoop)),
                new Way("alone, forwarding", 1, 1, Cut.WHOLE, List.of(oneLoop, forward)),
                new Way("alone, evicting", 1, 1, Cut.WHOLE, List.of(oneLoop, evicting)),
                new Way("three on one backend", 1, 3, Cut.WHOLE, List.of(oneLoop)),
                new Way("three on one backend, forwarding, at random", 1, 3, Cut.RANDOM, List.of(oneLoop, forward)),
                new Way("three on one backend, evicting, three loops", 1, 3, Cut.WHOLE, List.of(threeLoops, evicting)),
                new Way("four on two backends, three loops", 2, 4, Cut.RANDOM, List.of(threeLoops)),
                new Way("alone, TLS to the server, at random", 1, 1, Cut.RANDOM, List.of(oneLoop, "clusters.main.tls.mode = require")),
                new Way("outcomes pipelined", 1, 1, Cut.WHOLE, List.of(oneLoop, pipelined)),
                new Way("outcomes pipelined, three on one backend, at random", 1, 3, Cut.RANDOM, List.of(oneLoop, pipelined, evicting)),
                new Way("outcomes strict, byte by byte", 1, 1, Cut.BY_BYTE, List.of(oneLoop, strict)),
                new Way("outcomes strict, four on two backends, three loops", 2, 4, Cut.RANDOM, List.of(threeLoops, strict, forward)),
                new Way("four on two backends, evicting, forwarding", 2, 4, Cut.RANDOM, List.of(threeLoops, evicting, forward)))
                .filter(way -> way.name().matches(System.getProperty("pgkeel.wire.way", ".*")));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void a_client_hears_through_the_proxy_what_postgresql_itself_would_say(Way way) throws Exception {
        System.out.println("wire seed " + SEED);
        var failures = new ArrayList<String>();
        try (var proxy = TestProxy.start(postgres, way.poolMax(), way.keys().toArray(String[]::new)); var threads = Executors.newCachedThreadPool()) {
            var players = new ArrayList<Future<List<String>>>();
            for (int i = 0; i < way.clients(); i++) {
                int number = i;
                players.add(threads.submit(() -> playAll(way, proxy.address(), number)));
            }
            for (var player : players) failures.addAll(player.get());
        }
        assertThat(failures).as("scripts heard differently, seed " + SEED).isEmpty();
    }

    /// Each client begins with another script.
    private List<String> playAll(Way way, InetSocketAddress proxy, int number) {
        var failures = new ArrayList<String>();
        var scripts = new ArrayList<>(Scripts.all().entrySet());
        java.util.Collections.rotate(scripts, number * 7);
        String only = System.getProperty("pgkeel.wire.script", "");
        for (Map.Entry<String, Dialogue.Script> script : scripts) {
            if (!script.getKey().contains(only)) continue;
            // There the proxy itself passes over a Sync among the data.
            if (script.getKey().equals(CopyScripts.SYNC_BEHIND_FAILURE) && way.name().startsWith("outcomes strict")) continue;
            List<String> expected = play(script, direct, number, Splitting.whole());
            Splitting splitting = switch (way.cut()) {
                case WHOLE -> Splitting.whole();
                case BY_BYTE -> script.getKey().equals("large rows") ? Splitting.random(SEED) : Splitting.byByte();
                case RANDOM -> Splitting.random(SEED + number);
            };
            List<String> heard = play(script, proxy, number, splitting);
            if (!heard.equals(expected)) failures.add(script.getKey() + ":\n" + Differences.between(expected, heard));
        }
        return failures;
    }

    private List<String> play(Map.Entry<String, Dialogue.Script> script, InetSocketAddress server, int number, Splitting splitting) {
        String schema = SCHEMA + number;
        postgres.execute("set client_min_messages = error", "drop schema if exists " + schema + " cascade", "create schema " + schema + " authorization app",
                "set role app", "create table " + schema + ".t (a int, b text)", "create table " + schema + ".empty (a int)",
                "insert into " + schema + ".t select a, 'row ' || a from generate_series(1, 5) a");
        List<String> lines = new ArrayList<>();
        try (var client = new WireClient(server, PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD, startup(schema), splitting)) {
            lines.add("parameters " + client.parameters());
            var dialogue = new Dialogue(client, "channel_" + number);
            try {
                script.getValue().play(dialogue);
            } catch (IOException | RuntimeException e) {
                dialogue.remark("ended by " + e);
            }
            lines.addAll(dialogue.lines());
        } catch (IOException e) {
            lines.add("# " + e);
        }
        return lines;
    }

    private static SequencedMap<String, String> startup(String schema) {
        var startup = new LinkedHashMap<String, String>();
        startup.put("database", PostgresFixture.DATABASE);
        startup.put("search_path", schema);
        startup.put("application_name", schema);
        return startup;
    }
}
