package org.pgkeel.bench.client;

/// Who connects, and to which database.
public record Login(String user, String password, String database) {
    @Override
    public String toString() {
        return user + "@" + database;
    }
}
