package org.pgkeel.proxy.isolation;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Many [ClientLife]s at once.
///
/// @param address   where they connect
/// @param passwords of the users they are of, by user name, in turn
/// @param count     clients at once
/// @param duration  how long they begin something new
/// @param seed      of all that is random in what they send
record Clients(InetSocketAddress address, Map<String, String> passwords, int count, Duration duration, long seed) {
    /// What must be there before a run, and is made anew: run as a superuser in database `app`.
    static List<String> setUp(Map<String, String> passwords) {
        List<String> sql = new ArrayList<>();
        for (String schema : List.of("iso", "iso_a", "iso_b", "iso_c")) {
            sql.add("drop schema if exists " + schema + " cascade");
            sql.add("create schema " + schema);
            sql.add("grant usage on schema " + schema + " to public");
            if (!schema.equals("iso")) {
                sql.add("create table " + schema + ".whoami as select '" + schema + "' as name");
                sql.add("grant select on " + schema + ".whoami to public");
            }
        }
        sql.add("create table iso.rows (client text, n int)");
        sql.add("create table iso.undone (client text)");
        sql.add("grant insert, select on all tables in schema iso to public");
        for (String role : List.of("iso_role_1", "iso_role_2")) {
            sql.add("do $$ begin create role " + role + "; exception when duplicate_object then null; end $$");
        }
        passwords.forEach((user, password) -> {
            sql.add("do $$ begin create role " + user + " login; exception when duplicate_object then null; end $$");
            sql.add("alter role " + user + " password '" + password + "'");
            sql.add("grant iso_role_1, iso_role_2 to " + user);
        });
        return sql;
    }

    /// @throws AssertionError with the first failure of any client, and how to replay it
    Tally run() throws InterruptedException {
        var tally = new Tally();
        var failures = new ConcurrentLinkedQueue<Throwable>();
        long end = System.nanoTime() + duration.toNanos();
        var seeds = new Random(seed);
        List<String> users = passwords.keySet().stream().sorted().toList();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String user = users.get(i % users.size());
            var life = new ClientLife(address, user, passwords.getOrDefault(user, ""), "c" + i, seeds.nextLong(), tally);
            threads.add(Thread.ofVirtual().name("client " + i).start(() -> {
                try {
                    life.live(() -> failures.isEmpty() && System.nanoTime() < end);
                } catch (Throwable e) {
                    failures.add(e);
                }
            }));
        }
        for (Thread thread : threads) thread.join();
        if (!failures.isEmpty()) {
            Throwable first = failures.stream().filter(Mixup.class::isInstance).findFirst().orElse(failures.element());
            throw new AssertionError(failures.size() + " of " + count + " clients failed, seed " + seed + " (-Dpgkeel.isolation.seed=" + seed + "), " + tally
                    + "; the first: " + first.getMessage(), first);
        }
        return tally;
    }
}
