package org.pgkeel.proxy.isolation;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;

/// The random life of one client: session after session, each with settings of its own and an end of its own. The same seed gives the
/// same requests; how they meet those of others is up to the machine. Threading: confined to one thread.
final class ClientLife {
    private static final int STEPS_MAX = 40;
    private final InetSocketAddress address;
    private final String user;
    private final String password;
    private final String name;
    private final Random random;
    private final Tally tally;

    /// @param name is unique in the run
    ClientLife(InetSocketAddress address, String user, String password, String name, long seed, Tally tally) {
        this.address = address;
        this.user = user;
        this.password = password;
        this.name = name;
        this.random = new Random(seed);
        this.tally = tally;
    }

    /// Lives until told to stop.
    /// @throws Mixup at the first reply that is not this client's
    void live(BooleanSupplier goesOn) throws IOException {
        for (int i = 1; goesOn.getAsBoolean(); i++) {
            if (random.nextInt(20) == 0) {
                tally.rudeEnds.increment();
                WireClient.startAndVanish(address, user, 1 + random.nextInt(20));
            }
            Session session = begin(name + "." + i);
            try {
                var actions = new Actions(session, random, tally);
                for (int steps = 1 + random.nextInt(STEPS_MAX); steps > 0 && goesOn.getAsBoolean(); steps--) actions.any();
                end(session, actions);
            } catch (IOException e) {
                throw new IOException("session " + session.token + " of " + user + ": " + e + "\nafter\n  " + String.join("\n  ", session.steps()), e);
            } finally {
                session.wire.vanish();
            }
        }
    }

    private Session begin(String token) throws IOException {
        Map<String, String> settings = new HashMap<>();
        for (String setting : Identity.SETTINGS) settings.put(setting, Identity.any(setting, random));
        Map<String, String> startup = new HashMap<>(settings);
        startup.put("database", "app");
        boolean tokenAtStart = random.nextBoolean();
        if (tokenAtStart) {
            settings.put(Identity.TOKEN, token);
            startup.put("options", "-c app.client=" + token + " -c search_path=" + startup.remove("search_path"));
        }
        var session = new Session(token, user, new WireClient(address, user, password, startup), new SessionModel(settings), tally);
        session.step("login " + startup);
        if (!tokenAtStart) {
            session.run("set app.client = '" + token + "'", 'I');
            session.model.set(Identity.TOKEN, token);
        }
        return session;
    }

    private void end(Session session, Actions actions) throws IOException {
        WireClient wire = session.wire;
        int way = random.nextInt(12);
        if (way < 4) {
            wire.close();
            return;
        }
        tally.rudeEnds.increment();
        switch (way) {
            case 4 -> wire.vanish();
            case 5 -> wire.reset();
            case 6 -> {   // in the middle of a message
                wire.out().query("insert into iso.undone values ('" + session.token + "')");
                wire.flushPart(1 + random.nextInt(30));
                wire.reset();
            }
            case 7 -> {   // in the middle of a transaction
                session.ask("begin; insert into iso.undone values ('" + session.token + "'); set local TimeZone = 'Asia/Kabul'");
                if (random.nextBoolean()) wire.reset();
                else wire.close();
            }
            case 8 -> {   // in the middle of a result
                wire.out().query("select '" + session.token + "', repeat('x', 1000) from generate_series(1, 3000)");
                wire.flush();
                wire.readSome(random.nextInt(20_000));
                wire.reset();
            }
            case 9 -> {   // replies owed
                actions.sendPipeline(5 + random.nextInt(20));
                wire.reset();
            }
            case 10 -> {   // in the middle of COPY IN
                session.ask("copy iso.undone from stdin");
                wire.out().copyData(session.token + "\n");
                wire.flush();
                wire.reset();
            }
            case 11 -> {   // while its statement runs, having changed the session
                wire.out().query("set TimeZone = 'Asia/Kabul'; select pg_sleep(" + random.nextInt(3) + ")");
                wire.flush();
                wire.reset();
            }
            default -> throw new IllegalStateException("way " + way);
        }
    }
}
