package org.pgkeel.proxy.isolation;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/// The isolation run at any port, by hand and for minutes. What [Clients#setUp] lists must be there.
final class IsolationMain {
    private IsolationMain() {}

    /// @param args host, port, clients, seconds, seed, then `user=password` of each user
    public static void main(String[] args) throws InterruptedException {
        if (args.length < 6) {
            System.err.println("usage: HOST PORT CLIENTS SECONDS SEED USER=PASSWORD...");
            System.exit(2);
        }
        Map<String, String> passwords = new LinkedHashMap<>();
        for (int i = 5; i < args.length; i++) {
            String[] parts = args[i].split("=", 2);
            passwords.put(parts[0], parts[1]);
        }
        var clients = new Clients(new InetSocketAddress(args[0], Integer.parseInt(args[1])), passwords, Integer.parseInt(args[2]),
                Duration.ofSeconds(Long.parseLong(args[3])), Long.parseLong(args[4]));
        System.out.println(clients.run() + ", mix-ups = 0");
    }
}
